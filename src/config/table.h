#pragma once

#include <functional>
#include <limits>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "config/spec.h"

namespace basin {

/// An enumeration, by the names of its values.
struct Choice {
  std::vector<std::string> names;
  std::function<size_t()> get;
  std::function<void(size_t)> set;
};

/// The allowed values of a number: low <= x <= high, or low < x if `open`.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open = false;
};

/// One key of the config: where its value lives, what it may be, what it means. This
/// table is all there is: reading, writing and the JSON Schema are made from it.
struct Field {
  using Target = std::variant<bool*,
                              int64_t*,
                              double*,
                              std::string*,
                              std::vector<int64_t>*,
                              std::vector<double>*,
                              std::vector<std::string>*,
                              Choice>;
  std::string key;
  Target target;
  std::string meaning;
  Range range = {};
  std::string pattern = {};  ///< regular expression a string must match
  /// The words a list of strings is made of; then one of them needs no brackets.
  std::vector<std::string> words = {};
};

struct Section {
  std::string key;
  std::string meaning;
  std::vector<Field> fields;
};

/// The keys of a spec, bound to its fields. The top level has key "".
std::vector<Section> describe(Spec& spec);

/// The keys of `data` that a source does not read.
std::set<std::string> unread_data_keys(DataSource source);

/// The keys of one entry of `landscape`.
std::vector<Field> describe(SliceOptions& slice);

}  // namespace basin

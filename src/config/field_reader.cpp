#include "config/field_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <regex>
#include <set>

#include "config/decode.h"
#include "config/suggest.h"

namespace basin {
namespace {

using Kind = YamlNode::Kind;

template <typename T>
bool parse_number(const YamlNode& node, T& value) {
  if (node.kind != Kind::kScalar || node.quoted) return false;
  const auto* first = node.text.data();
  const auto* last = first + node.text.size();
  if (node.text.size() > 1 && *first == '+') ++first;
  const auto [end, error] = std::from_chars(first, last, value);
  return error == std::errc() && end == last;
}

std::string range_text(const Range& range) {
  const bool bounded_low = std::isfinite(range.low), bounded_high = range.high < 1e15;
  if (bounded_low && bounded_high) {
    return fmt::format("{} {} {} {}",
                       range.open ? "above" : "from",
                       range.low,
                       range.open ? "and up to" : "to",
                       range.high);
  }
  if (bounded_low)
    return fmt::format("{} {}", range.open ? "above" : "at least", range.low);
  return "of any size";
}

bool inside(const Range& range, double x) {
  return (range.open ? x > range.low : x >= range.low) && x <= range.high;
}

template <typename T>
constexpr const char* kNumberName =
    std::is_integral_v<T> ? "a whole number" : "a number";

template <typename T>
bool read_number(const At& at, const Range& range, T& target) {
  T value{};
  const bool good = parse_number(at.node, value) &&
                    std::isfinite(static_cast<double>(value)) &&
                    inside(range, static_cast<double>(value));
  if (good) {
    target = value;
  } else {
    at.expect(fmt::format("{} {}", kNumberName<T>, range_text(range)));
  }
  return good;
}

// Words, or one of them without brackets.
void read_words(const At& at,
                const std::vector<std::string>& words,
                std::vector<std::string>& target) {
  const bool one = at.node.kind == Kind::kScalar;
  if (!one && at.node.kind != Kind::kSequence)
    return at.expect("a word, or a list of words");
  const auto count = one ? 1 : at.node.items.size();
  if (count > 100) return at.expect("a list of at most 100 words");
  std::vector<std::string> values;
  for (size_t i = 0; i < count; ++i) {
    const At item{one ? at.node : at.node.items[i],
                  one ? at.place : fmt::format("{}[{}]", at.place, i),
                  at.complaints};
    const Choice choice{.names = words, .get = {}, .set = [&](size_t k) {
                          values.push_back(words[k]);
                        }};
    read_choice(item, choice);
  }
  target = std::move(values);
}

template <typename T>
void read_list(const At& at, const Range& range, std::vector<T>& target) {
  if (at.node.kind != Kind::kSequence) {
    return at.expect(std::is_same_v<T, std::string>
                         ? "a list"
                         : fmt::format("a list of numbers {}", range_text(range)));
  }
  if (at.node.items.size() > 10'000) return at.expect("a list of at most 10000 values");
  std::vector<T> values;
  for (size_t i = 0; i < at.node.items.size(); ++i) {
    const At item{at.node.items[i], fmt::format("{}[{}]", at.place, i), at.complaints};
    T value{};
    if constexpr (std::is_same_v<T, std::string>) {
      if (item.node.kind != Kind::kScalar) {
        item.expect("a word");
        continue;
      }
      value = item.node.text;
    } else if (!read_number(item, range, value)) {
      continue;
    }
    values.push_back(value);
  }
  target = std::move(values);
}

void read_string(const At& at, const std::string& pattern, std::string& target) {
  if (at.node.kind != Kind::kScalar || at.node.text.size() > 4096) {
    return at.expect("a short text");
  }
  if (!pattern.empty() && !std::regex_match(at.node.text, std::regex(pattern))) {
    return at.expect("a text like " + pattern);
  }
  target = at.node.text;
}

void read_bool(const At& at, bool& target) {
  if (at.node.kind == Kind::kScalar && !at.node.quoted &&
      (at.node.text == "true" || at.node.text == "false")) {
    target = at.node.text == "true";
  } else {
    at.expect("true or false");
  }
}

void read_field(const At& at, const Field& field) {
  std::visit(
      [&](auto target) {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, Choice>) {
          read_choice(at, target);
        } else if constexpr (std::is_same_v<T, bool>) {
          read_bool(at, *target);
        } else if constexpr (std::is_same_v<T, std::string>) {
          read_string(at, field.pattern, *target);
        } else if constexpr (std::is_arithmetic_v<T>) {
          read_number(at, field.range, *target);
        } else {
          if constexpr (std::is_same_v<T, std::vector<std::string>>) {
            if (!field.words.empty()) return read_words(at, field.words, *target);
          }
          read_list(at, field.range, *target);
        }
      },
      field.target);
}

std::vector<std::string> keys_of(const std::vector<Field>& fields) {
  std::vector<std::string> keys;
  for (const auto& field : fields) keys.push_back(field.key);
  return keys;
}

}  // namespace

std::string dotted(const std::string& section, const std::string& key) {
  return section.empty() ? key : section + "." + key;
}

void read_choice(const At& at, const Choice& choice) {
  for (size_t i = 0; i < choice.names.size(); ++i) {
    if (at.node.kind == Kind::kScalar && at.node.text == choice.names[i]) {
      return choice.set(i);
    }
  }
  at.complaints.add(
      at.node.line,
      at.place,
      fmt::format(
          "expected one of {}, came {}{}",
          fmt::join(choice.names, ", "),
          describe(at.node),
          at.node.kind == Kind::kScalar ? suggestion(at.node.text, choice.names) : ""));
}

void read_mapping(const At& at,
                  const std::vector<Field>& fields,
                  const std::vector<std::string>& also) {
  if (at.node.kind == Kind::kNull) return;
  if (at.node.kind != Kind::kMapping) return at.expect("a mapping of keys to values");
  auto known = keys_of(fields);
  known.insert(known.end(), also.begin(), also.end());
  std::set<std::string> seen;
  for (const auto& [key, value] : at.node.entries) {
    const At child{value, dotted(at.place, key.text), at.complaints};
    if (!seen.insert(key.text).second) {
      at.complaints.add(key.line, child.place, "expected each key once, came again");
    } else if (std::find(known.begin(), known.end(), key.text) == known.end()) {
      at.complaints.add(
          key.line,
          dotted(at.place, describe(key).substr(1, describe(key).size() - 2)),
          "unknown key" + key_suggestion(key.text, known, known_keys()));
    }
    for (const auto& field : fields) {
      if (field.key == key.text) read_field(child, field);
    }
  }
}

}  // namespace basin

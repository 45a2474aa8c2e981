#include "config/decode.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <regex>
#include <set>

namespace basin {
namespace {

using Kind = YamlNode::Kind;

/// Where a value stands: its node, its dotted place, and where to complain.
struct At {
  const YamlNode& node;
  std::string place;
  Complaints& complaints;

  void expect(const std::string& what) const {
    complaints.add(
        node.line, place, fmt::format("expected {}, came {}", what, describe(node)));
  }
};

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
          read_list(at, field.range, *target);
        }
      },
      field.target);
}

std::string dotted(const std::string& section, const std::string& key) {
  return section.empty() ? key : section + "." + key;
}

std::vector<std::string> keys_of(const std::vector<Field>& fields) {
  std::vector<std::string> keys;
  for (const auto& field : fields) keys.push_back(field.key);
  return keys;
}

// Reads the fields of one mapping; `also` are keys that someone else reads.
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
          "unknown key" + suggestion(key.text, known));
    }
    for (const auto& field : fields) {
      if (field.key == key.text) read_field(child, field);
    }
  }
}

void decode_landscape(const YamlNode& node, Spec& spec, Complaints& complaints) {
  const At at{node, "landscape", complaints};
  if (node.kind == Kind::kNull) return;
  if (node.kind != Kind::kSequence) return at.expect("a list of lines and planes");
  if (node.items.size() > 200) return at.expect("at most 200 slices");
  spec.landscape.clear();
  for (size_t i = 0; i < node.items.size(); ++i) {
    SliceOptions slice;
    read_mapping({node.items[i], fmt::format("landscape[{}]", i), complaints},
                 describe(slice),
                 {});
    spec.landscape.push_back(slice);
  }
}

int line_of(const YamlNode& tree, const std::string& section, const std::string& key) {
  const auto* node = tree.find(section);
  if (node == nullptr) return std::max(1, tree.line);
  const auto* value = node->find(key);
  return value != nullptr ? value->line : node->line;
}

void check_landscape(const YamlNode& tree, const Spec& spec, Complaints& complaints) {
  const auto* list = tree.find("landscape");
  std::set<std::string> names;
  for (size_t i = 0; i < spec.landscape.size(); ++i) {
    const auto& s = spec.landscape[i];
    const int line =
        list != nullptr && i < list->items.size() ? list->items[i].line : 1;
    const auto complain = [&](const char* key, const std::string& text) {
      complaints.add(line, fmt::format("landscape[{}].{}", i, key), text);
    };
    if (s.range.size() != 2 || !(s.range[0] < s.range[1])) {
      complain("range", "expected two numbers, the lower first");
    }
    const size_t dimensions = s.kind == SliceKind::kPlane ? 2 : 1;
    if (s.directions == DirectionKind::kAxes && s.axes.size() != dimensions) {
      complain("axes",
               fmt::format(
                   "expected {} parameter names, came {}", dimensions, s.axes.size()));
    }
    if (s.directions == DirectionKind::kMinima && !s.minima.empty() &&
        s.minima.size() != dimensions + 1) {
      complain(
          "minima",
          fmt::format("expected {} numbers, came {}", dimensions + 1, s.minima.size()));
    }
    if (!s.name.empty() && !names.insert(s.name).second) {
      complain("name",
               fmt::format("expected a name used once, came '{}' again", s.name));
    }
    if (s.kind == SliceKind::kPlane && s.points > 501) {
      complain("points",
               fmt::format("expected at most 501 on a plane, came {}", s.points));
    }
  }
}

}  // namespace

void decode_spec(const YamlNode& tree, Spec& spec, Complaints& complaints) {
  const auto sections = describe(spec);
  std::vector<std::string> names{"landscape", "sweep"};
  for (const auto& section : sections) {
    if (!section.key.empty()) names.push_back(section.key);
  }
  read_mapping({tree, "", complaints}, sections.front().fields, names);
  if (tree.kind == Kind::kNull) {
    complaints.add(1, "", "expected a config, came an empty file");
  }
  for (const auto& section : sections) {
    const auto* node = section.key.empty() ? nullptr : tree.find(section.key);
    if (node != nullptr)
      read_mapping({*node, section.key, complaints}, section.fields, {});
  }
  if (const auto* node = tree.find("landscape"))
    decode_landscape(*node, spec, complaints);
}

std::vector<std::string> known_keys() {
  Spec spec;
  std::vector<std::string> keys;
  for (const auto& section : describe(spec)) {
    for (const auto& field : section.fields)
      keys.push_back(dotted(section.key, field.key));
  }
  return keys;
}

std::string flow_text(const YamlNode& node) {
  if (node.kind != Kind::kSequence) return node.text;
  std::vector<std::string> items;
  for (const auto& item : node.items) items.push_back(flow_text(item));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

SweepOptions decode_sweep(const YamlNode& tree, Complaints& complaints) {
  SweepOptions sweep;
  const auto* node = tree.find("sweep");
  if (node == nullptr || node->kind == Kind::kNull) return sweep;
  const At at{*node, "sweep", complaints};
  if (node->kind != Kind::kMapping) {
    at.expect("a mapping of dotted keys to lists");
    return sweep;
  }
  auto known = known_keys();
  known.push_back("landscape");
  const Choice combine{.names = {"cross", "zip"}, .get = {}, .set = [&](size_t i) {
                         sweep.combine = static_cast<Combine>(i);
                       }};
  size_t length = 0, cells = 1;
  for (const auto& [key, value] : node->entries) {
    const At child{value, "sweep." + key.text, complaints};
    if (key.text == "combine") {
      read_choice(child, combine);
      continue;
    }
    if (std::find(known.begin(), known.end(), key.text) == known.end()) {
      complaints.add(
          key.line, child.place, "unknown key" + suggestion(key.text, known));
      continue;
    }
    if (value.kind != Kind::kSequence || value.items.empty()) {
      child.expect("a list of values");
      continue;
    }
    std::vector<std::string> texts;
    for (const auto& item : value.items) texts.push_back(flow_text(item));
    if (sweep.combine == Combine::kZip && length != 0 && texts.size() != length) {
      complaints.add(
          key.line,
          child.place,
          fmt::format("expected {} values as in the other lists (combine: zip), "
                      "came {}",
                      length,
                      texts.size()));
    }
    length = texts.size();
    cells *= texts.size();
    sweep.axes.emplace_back(key.text, std::move(texts));
  }
  if (sweep.combine == Combine::kCross && cells > 10'000) {
    complaints.add(node->line,
                   "sweep",
                   fmt::format("expected at most 10000 cells, came {}", cells));
    sweep.axes.clear();
  }
  return sweep;
}

void check_spec(const YamlNode& tree, const Spec& spec, Complaints& complaints) {
  const auto complain = [&](const char* section,
                            const char* key,
                            const std::string& text) {
    complaints.add(line_of(tree, section, key), std::string(section) + "." + key, text);
  };
  const auto& d = spec.data;
  const auto& m = spec.model;
  if (!m.widths.empty() && static_cast<int64_t>(m.widths.size()) != m.depth) {
    complain("model",
             "widths",
             fmt::format("expected {} values, one a hidden layer (depth), came {}",
                         m.depth,
                         m.widths.size()));
  }
  const bool from_file = d.source == DataSource::kCsv || d.source == DataSource::kIdx;
  if (from_file && d.file.empty()) {
    complain(
        "data", "file", "expected the path of a file for this source, came nothing");
  }
  if (d.source == DataSource::kIdx && d.labels.empty()) {
    complain("data", "labels", "expected the path of a label file, came nothing");
  }
  if (d.samples * std::max(d.inputs, d.teacher_width) > 250'000'000) {
    complain(
        "data", "samples", "expected at most 2.5e8 numbers in all (samples × inputs)");
  }
  const auto classes =
      d.source == DataSource::kBlobs || d.source == DataSource::kSpirals ? d.classes
                                                                         : 1;
  if (d.samples < classes) {
    complain(
        "data",
        "samples",
        fmt::format("expected at least {}, one a class, came {}", classes, d.samples));
  }
  if (d.coefficients.empty()) {
    complain(
        "data", "coefficients", "expected at least one number, came an empty list");
  }
  check_landscape(tree, spec, complaints);
}

}  // namespace basin

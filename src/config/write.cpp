#include "config/write.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "config/table.h"
#include "core/file.h"

namespace basin {
namespace {

using Json = nlohmann::ordered_json;

std::string in_quotes(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string value_text(const Field& field) {
  return std::visit(
      [](auto target) -> std::string {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, Choice>) {
          // Words that YAML 1.1 reads as truth values are quoted.
          const auto& name = target.names[target.get()];
          return name == "yes" || name == "no" ? in_quotes(name) : name;
        } else if constexpr (std::is_same_v<T, std::string>) {
          return in_quotes(*target);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::vector<std::string> items;
          for (const auto& item : *target) items.push_back(in_quotes(item));
          return fmt::format("[{}]", fmt::join(items, ", "));
        } else if constexpr (std::is_arithmetic_v<T>) {
          return fmt::format("{}", *target);
        } else {
          return fmt::format("[{}]", fmt::join(*target, ", "));
        }
      },
      field.target);
}

std::string sweep_text(const SweepOptions& sweep) {
  if (sweep.axes.empty()) return "";
  std::string out = "sweep:\n  combine: ";
  out += sweep.combine == Combine::kZip ? "zip\n" : "cross\n";
  for (const auto& [key, values] : sweep.axes) {
    out += fmt::format("  {}: [{}]\n", key, fmt::join(values, ", "));
  }
  return out;
}

Json field_schema(const Field& field) {
  Json out;
  const auto bounded = [&](Json& type) {
    if (std::isfinite(field.range.low)) {
      type[field.range.open ? "exclusiveMinimum" : "minimum"] = field.range.low;
    }
    if (field.range.high < 1e15) type["maximum"] = field.range.high;
  };
  std::visit(
      [&](auto target) {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, Choice>) {
          out["enum"] = target.names;
          out["default"] = target.names[target.get()];
        } else if constexpr (std::is_same_v<T, bool>) {
          out["type"] = "boolean";
          out["default"] = *target;
        } else if constexpr (std::is_same_v<T, std::string>) {
          out["type"] = "string";
          if (!field.pattern.empty()) out["pattern"] = "^(" + field.pattern + ")$";
          out["default"] = *target;
        } else if constexpr (std::is_arithmetic_v<T>) {
          out["type"] = std::is_integral_v<T> ? "integer" : "number";
          bounded(out);
          out["default"] = *target;
        } else {
          Json item;
          using E = typename T::value_type;
          item["type"] = std::is_same_v<E, std::string> ? "string"
                         : std::is_integral_v<E>        ? "integer"
                                                        : "number";
          if constexpr (!std::is_same_v<E, std::string>) bounded(item);
          if (!field.words.empty()) item["enum"] = field.words;
          const Json list{{"type", "array"}, {"items", item}};
          if (field.words.empty()) {
            out = list;
          } else {
            out["anyOf"] = {item, list};
          }
          out["default"] = *target;
        }
      },
      field.target);
  out["description"] = field.meaning;
  return out;
}

Json mapping_schema(const std::vector<Field>& fields, const std::string& meaning) {
  Json out;
  out["type"] = "object";
  if (!meaning.empty()) out["description"] = meaning;
  out["additionalProperties"] = false;
  for (const auto& field : fields) out["properties"][field.key] = field_schema(field);
  return out;
}

}  // namespace

std::string to_yaml(const Spec& spec) {
  auto copy = spec;
  std::string out;
  for (const auto& section : describe(copy)) {
    // "ensemble.until" stands right after the fields of "ensemble", indented.
    const auto depth = std::count(section.key.begin(), section.key.end(), '.');
    const std::string indent(static_cast<size_t>(2 * depth), ' ');
    const bool top = section.key.empty();
    if (!top) {
      out += indent + section.key.substr(section.key.find_last_of('.') + 1) + ":\n";
    }
    for (const auto& field : section.fields) {
      out += fmt::format(
          "{}{}{}: {}\n", indent, top ? "" : "  ", field.key, value_text(field));
    }
  }
  out += copy.landscape.empty() ? "landscape: []\n" : "landscape:\n";
  for (auto& slice : copy.landscape) {
    const char* bullet = "  - ";
    for (const auto& field : describe(slice)) {
      out += fmt::format("{}{}: {}\n", bullet, field.key, value_text(field));
      bullet = "    ";
    }
  }
  return out + sweep_text(copy.sweep);
}

std::vector<std::pair<std::string, std::string>> values_of(const Spec& spec) {
  auto copy = spec;
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& section : describe(copy)) {
    for (const auto& field : section.fields) {
      const auto* text = std::get_if<std::string*>(&field.target);
      out.emplace_back(section.key.empty() ? field.key : section.key + "." + field.key,
                       text != nullptr ? **text : value_text(field));
    }
  }
  return out;
}

std::string run_hash(const Spec& spec, const std::string& data_hash) {
  auto copy = spec;
  copy.compute.threads = 0;
  copy.data.file.clear();
  copy.data.labels.clear();
  for (auto& s : copy.landscape) s.file.clear();
  copy.sweep = {};
  return sha256(to_yaml(copy) + data_hash).substr(0, 12);
}

std::string json_schema() {
  Spec spec;
  SliceOptions slice;
  const auto sections = describe(spec);
  Json out = mapping_schema(sections.front().fields, "A basin experiment");
  out["$schema"] = "http://json-schema.org/draft-07/schema#";
  out["title"] = "basin config";
  for (size_t i = 1; i < sections.size(); ++i) {
    const auto dot = sections[i].key.find('.');
    auto& parent =
        dot == std::string::npos
            ? out["properties"]
            : out["properties"][sections[i].key.substr(0, dot)]["properties"];
    const auto name =
        dot == std::string::npos ? sections[i].key : sections[i].key.substr(dot + 1);
    parent[name] = mapping_schema(sections[i].fields, sections[i].meaning);
  }
  Json list;
  list["type"] = "array";
  list["description"] = "lines and planes of the landscape";
  list["items"] = mapping_schema(describe(slice), "");
  out["properties"]["landscape"] = list;
  Json sweep;
  sweep["type"] = "object";
  sweep["description"] = "dotted keys and the values to try";
  sweep["additionalProperties"] = false;
  sweep["properties"]["combine"]["enum"] = {"cross", "zip"};
  for (size_t i = 0; i < sections.size(); ++i) {
    for (const auto& field : sections[i].fields) {
      const auto key =
          sections[i].key.empty() ? field.key : sections[i].key + "." + field.key;
      sweep["properties"][key]["type"] = "array";
      sweep["properties"][key]["items"] = field_schema(field);
      sweep["properties"][key]["items"].erase("default");
    }
  }
  out["properties"]["sweep"] = sweep;
  return out.dump(2);
}

}  // namespace basin

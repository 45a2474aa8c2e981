#include "config/decode.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/field_reader.h"
#include "config/suggest.h"

namespace basin {
namespace {

using Kind = YamlNode::Kind;

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

// The mapping at a dotted key; null if it is not there.
const YamlNode* find_section(const YamlNode& tree, const std::string& key) {
  if (key.empty()) return &tree;
  const auto dot = key.find('.');
  const auto* node = tree.find(key.substr(0, dot));
  if (dot == std::string::npos || node == nullptr) return node;
  return find_section(*node, key.substr(dot + 1));
}

// The sections right below `key`, by their last word.
std::vector<std::string> inner_sections(const std::vector<Section>& sections,
                                        const std::string& key) {
  const auto prefix = key.empty() ? "" : key + ".";
  std::vector<std::string> out;
  for (const auto& section : sections) {
    if (section.key.size() <= prefix.size() || !section.key.starts_with(prefix))
      continue;
    const auto rest = section.key.substr(prefix.size());
    if (rest.find('.') == std::string::npos) out.push_back(rest);
  }
  return out;
}

}  // namespace

void decode_spec(const YamlNode& tree, Spec& spec, Complaints& complaints) {
  const auto sections = describe(spec);
  if (tree.kind == Kind::kNull) {
    complaints.add(1, "", "expected a config, came an empty file");
  }
  for (const auto& section : sections) {
    const auto* node = find_section(tree, section.key);
    if (node == nullptr) continue;
    auto inner = inner_sections(sections, section.key);
    if (section.key.empty()) inner.insert(inner.end(), {"landscape", "sweep"});
    read_mapping({*node, section.key, complaints}, section.fields, inner);
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
      complaints.add(key.line,
                     child.place,
                     "unknown key" + key_suggestion(key.text, known, known));
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

}  // namespace basin

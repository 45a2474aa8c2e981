#include "config/read.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/decode.h"
#include "core/error.h"
#include "core/file.h"

namespace basin {
namespace {

YamlNode scalar(const std::string& text) {
  return {.kind = YamlNode::Kind::kScalar, .text = text};
}

void forget_lines(YamlNode& node) {
  node.line = 0;
  for (auto& item : node.items) forget_lines(item);
  for (auto& [key, value] : node.entries) {
    key.line = 0;
    forget_lines(value);
  }
}

YamlNode& child(YamlNode& node, const std::string& key) {
  for (auto& [name, value] : node.entries) {
    if (name.text == key) return value;
  }
  node.kind = YamlNode::Kind::kMapping;
  node.entries.emplace_back(scalar(key), YamlNode{});
  return node.entries.back().second;
}

// Puts the YAML value `text` at the dotted `key`.
void put(YamlNode& tree,
         const std::string& key,
         const std::string& text,
         const char* origin) {
  auto value = parse_yaml(text, origin);
  forget_lines(value);
  auto* at = &tree;
  size_t from = 0;
  // Keys of `sweep` are dotted themselves.
  const bool sweep = key.starts_with("sweep.");
  for (size_t dot;
       (dot = key.find('.', from)) != std::string::npos && !(sweep && from > 0);
       from = dot + 1) {
    at = &child(*at, key.substr(from, dot - from));
    if (at->kind == YamlNode::Kind::kScalar || at->kind == YamlNode::Kind::kSequence) {
      throw InputError(fmt::format("{} {}: expected a key of a mapping", origin, key));
    }
  }
  child(*at, key.substr(from)) = value;
}

void apply_override(YamlNode& tree, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError(
        fmt::format("--set {}: expected key=value, model.depth=4 for example", text));
  }
  put(tree, text.substr(0, equals), text.substr(equals + 1), "--set");
}

void resolve_path(std::string& path, const std::filesystem::path& folder) {
  if (path.empty()) return;
  path = std::filesystem::absolute(folder / path).lexically_normal().string();
}

// Slices without a name get one that says what they are.
void name_slices(Spec& spec) {
  for (size_t i = 0; i < spec.landscape.size(); ++i) {
    auto& s = spec.landscape[i];
    if (!s.name.empty()) continue;
    s.name = fmt::format("{}-{}-{}",
                         i,
                         fmt::join(s.directions, "-"),
                         s.kind == SliceKind::kPlane ? "plane" : "line");
  }
}

Spec resolve(const YamlNode& tree,
             const std::filesystem::path& folder,
             Complaints& complaints) {
  Spec spec;
  decode_spec(tree, spec, complaints);
  check_spec(tree, spec, complaints);
  resolve_path(spec.data.file, folder);
  resolve_path(spec.data.labels, folder);
  for (auto& s : spec.landscape) resolve_path(s.file, folder);
  name_slices(spec);
  return spec;
}

// The values of cell `index`; the last axis varies fastest.
std::vector<std::pair<std::string, std::string>> cell_values(const SweepOptions& sweep,
                                                             size_t index) {
  std::vector<std::pair<std::string, std::string>> values(sweep.axes.size());
  for (size_t a = sweep.axes.size(); a-- > 0;) {
    const auto& [key, texts] = sweep.axes[a];
    const bool zip = sweep.combine == Combine::kZip;
    values[a] = {key, texts[zip ? index : index % texts.size()]};
    if (!zip) index /= texts.size();
  }
  return values;
}

size_t cell_count(const SweepOptions& sweep) {
  if (sweep.axes.empty()) return 0;
  if (sweep.combine == Combine::kZip) return sweep.axes.front().second.size();
  size_t cells = 1;
  for (const auto& axis : sweep.axes) cells *= axis.second.size();
  return cells;
}

}  // namespace

Experiment parse_experiment(const std::string& text,
                            const std::string& name,
                            const std::vector<std::string>& overrides,
                            const std::filesystem::path& folder) {
  auto tree = parse_yaml(text, name);
  for (const auto& override_text : overrides) apply_override(tree, override_text);
  Complaints complaints(name);
  Experiment out;
  out.spec = resolve(tree, folder, complaints);
  out.spec.sweep = decode_sweep(tree, complaints);
  complaints.raise();
  for (size_t i = 0; i < cell_count(out.spec.sweep); ++i) {
    auto cell_tree = tree;
    SweepCell cell{.values = cell_values(out.spec.sweep, i)};
    for (const auto& [key, value] : cell.values) put(cell_tree, key, value, "sweep");
    Complaints cell_complaints(name);
    cell.spec = resolve(cell_tree, folder, cell_complaints);
    try {
      cell_complaints.raise();
    } catch (const InputError& error) {
      for (auto complaint : error.complaints()) {
        if (complaint.starts_with("--set")) complaint = "sweep" + complaint.substr(5);
        complaints.add(tree.find("sweep")->line, "", complaint);
      }
    }
    out.cells.push_back(std::move(cell));
  }
  complaints.raise();
  return out;
}

Experiment read_experiment(const std::filesystem::path& file,
                           const std::vector<std::string>& overrides) {
  const auto text = read_file(file, kConfigLimit);
  return parse_experiment(text, file.string(), overrides, file.parent_path());
}

}  // namespace basin

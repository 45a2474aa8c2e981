#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <sstream>

#include "core/error.h"

namespace basin {
namespace {

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string name, const YamlLimits& limits)
      : name_(std::move(name)), limits_(limits) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add({.line = mark.line + 1}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      fail(mark.line + 1, "expected an alias of a finished value");
    auto copy = known->second.first;
    count(mark.line + 1, known->second.second);
    add(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    const bool empty = value.empty() && tag != "!";
    add({.kind = empty ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar,
         .text = value,
         .quoted = tag == "!",
         .line = mark.line + 1},
        anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark.line + 1, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string&,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMapping, mark.line + 1, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
    size_t count_before;
    bool has_key = false;
    YamlNode key;
  };

  [[noreturn]] void fail(int line, const std::string& text) const {
    throw InputError(fmt::format("{}:{}: {}", name_, line, text));
  }

  void count(int line, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes) {
      fail(line,
           fmt::format("expected at most {} values, aliases expanded, came more",
                       limits_.nodes));
    }
  }

  void open(YamlNode::Kind kind, int line, YAML::anchor_t anchor) {
    if (stack_.size() >= limits_.depth) {
      fail(line,
           fmt::format("expected at most {} levels of nesting, came more",
                       limits_.depth));
    }
    stack_.push_back({{.kind = kind, .line = line}, anchor, nodes_});
  }

  void close() {
    auto done = std::move(stack_.back());
    stack_.pop_back();
    nodes_before_ = done.count_before;
    add(std::move(done.node), done.anchor);
  }

  void add(YamlNode node, YAML::anchor_t anchor) {
    const bool container =
        node.kind == YamlNode::Kind::kSequence || node.kind == YamlNode::Kind::kMapping;
    count(node.line, 1);
    if (anchor != 0) {
      anchors_[anchor] = {node, container ? nodes_ - nodes_before_ : 1};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& top = stack_.back();
    if (top.node.kind == YamlNode::Kind::kSequence) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      if (node.kind != YamlNode::Kind::kScalar) {
        fail(node.line, "expected a word as a key, came " + describe(node));
      }
      top.key = std::move(node);
      top.has_key = true;
    } else {
      top.node.entries.emplace_back(std::move(top.key), std::move(node));
      top.has_key = false;
    }
  }

  std::string name_;
  YamlLimits limits_;
  YamlNode root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, std::pair<YamlNode, size_t>> anchors_;
  size_t nodes_ = 0;
  size_t nodes_before_ = 0;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
    case YamlNode::Kind::kScalar:
      break;
  }
  std::string shown;
  for (const char c : node.text.substr(0, 60)) {
    shown += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  }
  return "'" + shown + (node.text.size() > 60 ? "...'" : "'");
}

YamlNode parse_yaml(std::string_view text,
                    const std::string& name,
                    const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    throw InputError(fmt::format("{}: expected at most {} bytes of YAML, came {}",
                                 name,
                                 limits.bytes,
                                 text.size()));
  }
  if (text.find('\0') != std::string_view::npos) {
    throw InputError(fmt::format("{}: expected text, came a binary file", name));
  }
  TreeBuilder builder(name, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    TreeBuilder second(name, limits);
    if (parser.HandleNextDocument(second)) {
      throw InputError(
          fmt::format("{}: expected one YAML document, came several", name));
    }
  } catch (const YAML::Exception& error) {
    throw InputError(
        fmt::format("{}:{}: not YAML: {}", name, error.mark.line + 1, error.msg));
  }
  return builder.take();
}

}  // namespace basin

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basin {

/// A YAML value with its line. Unlike yaml-cpp's own nodes it keeps duplicate keys (to
/// complain of them) and is built within limits on size, depth and aliases.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  std::string text;             ///< of a scalar
  bool quoted = false;          ///< "1" is a string, 1 a number
  int line = 0;                 ///< from 1; 0: from the command line
  std::vector<YamlNode> items;  ///< of a sequence
  std::vector<std::pair<YamlNode, YamlNode>> entries;  ///< of a mapping, in order

  /// The value under `key`; null if there is none.
  const YamlNode* find(std::string_view key) const;
};

struct YamlLimits {
  size_t bytes = size_t{1} << 20;
  size_t depth = 32;
  size_t nodes = 50'000;  ///< after aliases are expanded
};

/// One YAML document. Throws InputError, `name:line: ...`.
YamlNode parse_yaml(std::string_view text,
                    const std::string& name,
                    const YamlLimits& limits = {});

/// "a scalar 'x'", "a list", "a mapping", "nothing": for complaints.
std::string describe(const YamlNode& node);

}  // namespace basin

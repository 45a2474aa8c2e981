#pragma once

#include "config/complaints.h"
#include "config/table.h"
#include "config/yaml_tree.h"

namespace basin {

/// Where a value stands: its node, its dotted place, and where to complain.
struct At {
  const YamlNode& node;
  std::string place;
  Complaints& complaints;

  /// Notes "expected `what`, came ...".
  void expect(const std::string& what) const {
    complaints.add(
        node.line, place, fmt::format("expected {}, came {}", what, describe(node)));
  }
};

/// "section.key"; the key alone at the top level.
std::string dotted(const std::string& section, const std::string& key);

void read_choice(const At& at, const Choice& choice);

/// Reads the fields of one mapping, strictly; `also` are keys that someone else reads.
void read_mapping(const At& at,
                  const std::vector<Field>& fields,
                  const std::vector<std::string>& also);

}  // namespace basin

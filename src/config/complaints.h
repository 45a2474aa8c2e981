#pragma once

#include <string>
#include <vector>

#include "config/yaml_tree.h"

namespace basin {

/// Every complaint about one config, raised together in the order of lines.
class Complaints {
 public:
  explicit Complaints(std::string file) : file_(std::move(file)) {}

  /// `place` is "section.key", "" for the file as a whole. Line 0 is the command line.
  void add(int line, const std::string& place, const std::string& text);

  /// Throws InputError if there are any.
  void raise();

 private:
  struct Entry {
    int line;
    std::string text;
  };
  std::string file_;
  std::vector<Entry> entries_;
};

}  // namespace basin

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

/// What is wrong with one file, raised together: the first 20 faults in the order in
/// which they were found, then how many more there are.
class FaultList {
 public:
  explicit FaultList(std::string file) : file_(std::move(file)) {}

  /// "file:line: text"; line 0 is the file as a whole.
  void add(int64_t line, const std::string& text);

  /// Throws InputError if there are any.
  void raise() const;

  /// Adds a fault of the whole file, after which nothing can be read, and raises.
  [[noreturn]] void fail(const std::string& text);

 private:
  std::string file_;
  std::vector<std::string> lines_;
  int64_t count_ = 0;
};

}  // namespace basin

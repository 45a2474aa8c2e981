#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace basin {

/// Wrong input, found at the edge. Holds every complaint, each naming its place
/// (`file:line: section.key: what is expected, what came`). Exit code 2.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::vector<std::string> complaints);
  explicit InputError(const std::string& complaint)
      : InputError(std::vector<std::string>{complaint}) {}

  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  std::vector<std::string> complaints_;
};

/// Values that cannot be gone on from. Exit code 3.
class NumericError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The machine refuses: disk full, folder locked, file not writable. What was
/// finished is kept, and the same command continues. Exit code 3.
class StorageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A function was called outside its contract: a fault of ours. Exit code 1.
class ContractError : public std::logic_error {
  using std::logic_error::logic_error;
};

/// The user asked to stop (Ctrl-C). What was finished is kept. Exit code 130.
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("stopped") {}
};

/// Throws ContractError with `message` unless `condition` holds.
void require(bool condition, const char* message);

}  // namespace basin

#pragma once

#include <string>
#include <vector>

#include "config/read.h"
#include "core/error.h"

namespace basin::testing {

/// What reading a config complains of; "" if it is good.
inline std::string complaints(const std::string& yaml,
                              const std::vector<std::string>& set = {}) {
  try {
    parse_experiment(yaml, "t.yaml", set);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace basin::testing

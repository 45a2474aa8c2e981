#pragma once

// What nearly every source includes: compiled once.
#include <ATen/Functions.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

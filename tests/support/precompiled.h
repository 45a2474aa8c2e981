#pragma once

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>
#include <vector>

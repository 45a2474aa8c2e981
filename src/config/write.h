#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/spec.h"

namespace basin {

/// The spec as YAML, every key written out; reads back to the same spec.
std::string to_yaml(const Spec& spec);

/// Every key outside `landscape` and `sweep`, dotted, with its value as text.
std::vector<std::pair<std::string, std::string>> values_of(const Spec& spec);

/// What a run's results follow from, hashed: the spec without paths and threads, and
/// the content of the data. 12 hexadecimal digits.
std::string run_hash(const Spec& spec, const std::string& data_hash);

/// A JSON Schema (draft 7) of the config, made from the table that validates it.
std::string json_schema();

}  // namespace basin

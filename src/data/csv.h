#pragma once

#include <string>
#include <string_view>

#include "data/dataset.h"
#include "data/options.h"

namespace basin {

/// Reads `options.file` (plain or gzip).
///
/// Columns are separated by `options.delimiter`; fields may be quoted (RFC 4180).
/// `header: auto` takes the first row for a header if none of its fields is a
/// number. Every input must be a finite number; a missing value is refused by line.
/// `target_kind: auto` means classes if a target field is not a number.
Dataset read_csv(const DataOptions& options);

/// As above, from text; `name` stands in complaints.
Dataset parse_csv(std::string_view text,
                  const std::string& name,
                  const DataOptions& options);

}  // namespace basin

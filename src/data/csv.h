#pragma once

#include <string>
#include <string_view>

#include "data/dataset.h"
#include "data/options.h"
#include "data/target_use.h"

namespace basin {

/// Reads `options.file` (plain or gzip).
///
/// Columns are separated by `options.delimiter`; fields may be quoted (RFC 4180). Every
/// row, the header too, has equally many fields. `header: auto` takes the first row for
/// a header if none of its fields stands for a number. Every input must be a finite
/// number, with `options.decimal` as decimal mark.
/// `target_kind: auto` means classes if the target is a column of words. In a column of
/// numbers any other cell is a mistake, not a class. If the loss wants classes, numbers
/// are classes as long as they are whole and few: at most 10 of them, or three rows for
/// each.
/// Throws InputError with every fault: file, line, column, what is expected, what came.
Dataset read_csv(const DataOptions& options, TargetUse use);

/// As above, from text; `name` stands in complaints.
Dataset parse_csv(std::string_view text,
                  const std::string& name,
                  const DataOptions& options,
                  TargetUse use = TargetUse::kAny);

}  // namespace basin

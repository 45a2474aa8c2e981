#pragma once

#include <filesystem>
#include <string>

namespace basin {

/// Every .svg of `from` as `to`/NAME.`format`, "png" (300 dots an inch at 12 cm) or
/// "pdf", by librsvg's rsvg-convert. Throws StorageError if that is not installed or
/// fails.
void convert_figures(const std::filesystem::path& from,
                     const std::filesystem::path& to,
                     const std::string& format);

}  // namespace basin

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

/// A page: style, title and body, self-contained. `body` is HTML.
std::string html_page(const std::string& title, const std::string& body);

/// A table; cells are HTML already. Columns from `numbers_from` on and before
/// `numbers_to` are right-aligned, long cells wrap. Where the table is wider than the
/// page it scrolls; the first column stays, and the last if it holds numbers.
std::string html_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows,
                       size_t numbers_from = 1,
                       size_t numbers_to = SIZE_MAX);

/// A name that may be broken after its underscores, as HTML.
std::string breakable(const std::string& name);

}  // namespace basin

#pragma once

#include <string>
#include <vector>

namespace basin {

/// A page: style, title and body, self-contained. `body` is HTML.
std::string html_page(const std::string& title, const std::string& body);

/// A table; cells are HTML already. Columns from `numbers_from` on are right-aligned.
std::string html_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows,
                       size_t numbers_from = 1);

}  // namespace basin

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace basin {

/// &, <, >, " and ' as entities.
std::string escape_html(std::string_view text);

/// True for a byte of UTF-8 behind the first of its letter.
bool continues_letter(char c);

/// Letters of UTF-8, not bytes.
size_t letters_of(std::string_view text);

/// Without its last letter; `text` is not empty.
void drop_last_letter(std::string& text);

/// A number as a person reads it: `digits` significant digits, "1.2e-7" where short,
/// "–" if it is not known.
std::string show(double x, int digits = 4);

/// 1797 -> "1,797".
std::string show(int64_t n);

/// "1 seed", "2 seeds".
std::string plural(int64_t n, const std::string& noun);

}  // namespace basin

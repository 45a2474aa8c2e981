#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace basin {

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

bool continues_letter(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t letters_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return !continues_letter(c); }));
}

void drop_last_letter(std::string& text) {
  while (text.size() > 1 && continues_letter(text.back())) text.pop_back();
  text.pop_back();
}

std::string show(double x, int digits) {
  if (std::isnan(x)) return "–";
  if (std::isinf(x)) return x > 0 ? "∞" : "−∞";
  if (x == 0) return "0";
  const double size = std::abs(x);
  auto text = size < 1e-3 || size >= 1e6 ? fmt::format("{:.{}e}", x, digits - 1)
                                         : fmt::format("{:.{}g}", x, digits);
  const auto e = text.find('e');
  if (e == std::string::npos) return text;
  auto mantissa = text.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.ends_with('.')) mantissa.pop_back();
  }
  return fmt::format("{}e{}", mantissa, std::stoi(text.substr(e + 1)));
}

std::string show(int64_t n) {
  const auto digits = fmt::format("{}", n);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool between = i > 0 && digits[i - 1] != '-' && (digits.size() - i) % 3 == 0;
    if (between) out += ',';
    out += digits[i];
  }
  return out;
}

std::string plural(int64_t n, const std::string& noun) {
  if (n == 1) return "1 " + noun;
  return show(n) + " " + (noun == "minimum" ? "minima" : noun + "s");
}

}  // namespace basin

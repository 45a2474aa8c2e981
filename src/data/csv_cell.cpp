#include "data/csv_cell.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace basin {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Not "none" or "-": they name classes too.
constexpr std::array<std::string_view, 9> kMissingWords{
    "", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "?"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool is_missing(const std::string& text) {
  if (text.size() > 8) return false;
  const auto word = lower(text);
  return std::find(kMissingWords.begin(), kMissingWords.end(), word) !=
         kMissingWords.end();
}

// A number with this decimal mark and nothing else.
Cell plain_number(std::string text, char mark) {
  const Cell word{CellKind::kWord, kNan};
  if (mark == ',') {
    if (text.find('.') != std::string::npos) return word;
    std::replace(text.begin(), text.end(), ',', '.');
  }
  const char* first = text.data();
  const char* last = first + text.size();
  if (text.starts_with('+')) ++first;
  if (first == last || (first != text.data() && *first == '-')) return word;
  double value = 0;
  const auto [end, error] = std::from_chars(first, last, value);
  if (end != last || error == std::errc::invalid_argument) return word;
  if (std::isnan(value)) return {CellKind::kMissing, kNan};
  if (error != std::errc() || std::isinf(value)) return {CellKind::kNotFinite, kNan};
  return {CellKind::kNumber, value};
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

// One to three digits, then groups of a separator and three digits, then `mark` and
// digits or nothing.
bool is_grouped(std::string_view text, std::string_view separator, char mark) {
  text = without_sign(text);
  size_t i = 0;
  while (i < text.size() && is_digit(text[i])) ++i;
  if (i < 1 || i > 3 || text[0] == '0') return false;
  int groups = 0;
  while (text.substr(i).starts_with(separator)) {
    const auto group = text.substr(i + separator.size(), 3);
    if (group.size() < 3 || !std::all_of(group.begin(), group.end(), is_digit))
      return false;
    i += separator.size() + 3;
    ++groups;
  }
  if (groups == 0) return false;
  if (i == text.size()) return true;
  return text[i] == mark &&
         std::all_of(text.begin() + static_cast<int64_t>(i) + 1, text.end(), is_digit);
}

}  // namespace

Cell read_cell(const std::string& text, DecimalMark decimal) {
  const char mark = decimal == DecimalMark::kPoint ? '.' : ',';
  const char other = mark == '.' ? ',' : '.';
  const auto number = plain_number(text, mark);
  if (number.kind != CellKind::kWord) return number;
  if (is_missing(text)) return {CellKind::kMissing, kNan};
  const bool commas = plain_number(text, other).kind == CellKind::kNumber;
  const bool grouped = is_grouped(text, {&other, 1}, mark);
  if (commas && grouped) return {CellKind::kEither, kNan};
  if (commas) return {CellKind::kOtherDecimal, kNan};
  if (grouped || is_grouped(text, {&mark, 1}, other)) return {CellKind::kGrouped, kNan};
  for (const std::string_view separator :
       {" ", "'", "_", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89"}) {
    if (is_grouped(text, separator, '.') || is_grouped(text, separator, ','))
      return {CellKind::kGrouped, kNan};
  }
  return {CellKind::kWord, kNan};
}

bool is_figure(CellKind kind) {
  return kind != CellKind::kMissing && kind != CellKind::kWord;
}

std::string shown_cell(const std::string& text) {
  if (text.empty()) return "nothing";
  std::string out;
  for (const char c : text.substr(0, 40)) {
    out += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  }
  return "'" + out + (text.size() > 40 ? "..." : "") + "'";
}

}  // namespace basin

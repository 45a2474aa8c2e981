#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace basin {

/// An empty cell where it is not known.
inline std::string number(double x) {
  return std::isnan(x) ? "" : fmt::format("{}", x);
}
inline std::string count(int64_t n) { return n < 0 ? "" : fmt::format("{}", n); }

/// Text as one cell.
inline std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

/// A table of named columns: each row names them all, so that none can shift.
class Csv {
 public:
  Csv& add(const char* name, const std::string& value) {
    if (first_row_) {
      if (!head_.empty()) head_ += ',';
      head_ += name;
    }
    if (!row_.empty()) row_ += ',';
    row_ += value;
    return *this;
  }
  Csv& add(const char* name, double value) { return add(name, number(value)); }
  Csv& add(const char* name, int64_t value) {
    return add(name, fmt::format("{}", value));
  }
  void end_row() {
    body_ += row_ + "\n";
    row_.clear();
    first_row_ = false;
  }
  // A table without rows has its columns too.
  void only_head() {
    row_.clear();
    first_row_ = false;
  }
  std::string text() const { return head_ + "\n" + body_; }

 private:
  std::string head_, row_, body_;
  bool first_row_ = true;
};

/// A table of `rows`: add(csv, number, row) fills one. Without rows it has its columns
/// all the same.
template <typename T, typename Add>
std::string table_of(const std::vector<T>& rows, const Add& add) {
  Csv csv;
  for (size_t i = 0; i < rows.size(); ++i) {
    add(csv, static_cast<int64_t>(i), rows[i]);
    csv.end_row();
  }
  if (rows.empty()) {
    add(csv, 0, T{});
    csv.only_head();
  }
  return csv.text();
}

}  // namespace basin

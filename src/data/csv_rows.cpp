#include "data/csv_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace basin {
namespace {

constexpr size_t kMostColumns = 100'000;
constexpr size_t kRecordsLookedAt = 100;
constexpr std::string_view kCandidates = "\t;|,";

using Counts = std::array<int64_t, kCandidates.size()>;

char line_end(std::string_view text) {
  return text.find('\n') == std::string_view::npos ? '\r' : '\n';
}

// How often each candidate stands outside quotes in each of the first records.
std::vector<Counts> count_candidates(std::string_view text) {
  std::vector<Counts> records;
  const char end = line_end(text);
  Counts counts{};
  bool quoted = false, field_begins = true, blank = true;
  for (size_t i = 0; i <= text.size() && records.size() < kRecordsLookedAt; ++i) {
    const char c = i < text.size() ? text[i] : end;
    const auto candidate = kCandidates.find(c);
    if (quoted) {
      // A doubled quote closes and opens again.
      quoted = c != '"' && i < text.size();
      field_begins = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
    } else if (c == end) {
      if (!blank) records.push_back(counts);
      counts = {};
      field_begins = blank = true;
      continue;
    } else if (c == '"' && field_begins) {
      quoted = true;
    } else if (candidate != std::string_view::npos) {
      ++counts[candidate];
      field_begins = true;
    } else if (c != ' ' && c != '\r') {
      field_begins = false;
    }
    blank = blank && (c == ' ' || c == '\t' || c == '\r');
  }
  return records;
}

// The length of the UTF-8 character at `at`, 0 if there is none.
size_t character_length(std::string_view text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const size_t length = byte < 0x80                   ? 1
                        : byte >= 0xc2 && byte < 0xe0 ? 2
                        : byte >= 0xe0 && byte < 0xf0 ? 3
                        : byte >= 0xf0 && byte < 0xf5 ? 4
                                                      : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (size_t k = 1; k < length; ++k) {
    if ((static_cast<unsigned char>(text[at + k]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

void require_text(std::string_view text, FaultList& faults) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    faults.fail("expected UTF-8, came UTF-16");
  }
  if (text.size() > 3 && text[0] == 0 && text[1] == 0 && text[2] >= 8 &&
      text[2] <= 14) {
    faults.fail("expected text, came a binary file that looks like IDX (source: idx)");
  }
  if (text.find('\0') != std::string_view::npos) {
    faults.fail("expected text, came a binary file");
  }
  int64_t line = 1;
  for (size_t i = 0; i < text.size();) {
    const auto length = character_length(text, i);
    if (length == 0) {
      faults.add(line,
                 fmt::format("expected UTF-8, came the byte 0x{:02x}",
                             static_cast<unsigned char>(text[i])));
      faults.raise();
    }
    if (text[i] == '\n') ++line;
    i += length;
  }
}

/// A place in the text of a file.
struct Cursor {
  std::string_view text;
  char delimiter;
  char end;  ///< of a line
  size_t at = 0;
  int64_t line = 1;

  bool done() const { return at >= text.size(); }
  bool in_field() const { return !done() && text[at] != delimiter && text[at] != end; }
};

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::string quoted_field(Cursor& c, FaultList& faults) {
  const auto opened = c.line;
  std::string field;
  for (++c.at; !c.done(); ++c.at) {
    if (c.text[c.at] == '"') {
      if (c.at + 1 >= c.text.size() || c.text[c.at + 1] != '"') break;
      ++c.at;
    }
    if (c.text[c.at] == c.end) ++c.line;
    field += c.text[c.at];
  }
  if (c.done()) {
    faults.add(opened, "expected a closing quote, came the end of the file");
    faults.raise();
  }
  ++c.at;
  const auto behind = c.at;
  while (c.in_field()) ++c.at;
  const auto rest = trimmed(c.text.substr(behind, c.at - behind));
  if (!rest.empty()) {
    faults.add(c.line, "expected a delimiter behind a closing quote, came more text");
  }
  return field;
}

std::string read_field(Cursor& c, FaultList& faults) {
  const auto begin = c.at;
  while (c.in_field() && (c.text[c.at] == ' ' || c.text[c.at] == '\t')) ++c.at;
  if (c.in_field() && c.text[c.at] == '"') return quoted_field(c, faults);
  while (c.in_field()) ++c.at;
  return trimmed(c.text.substr(begin, c.at - begin));
}

}  // namespace

char csv_delimiter(std::string_view text, const std::string& asked) {
  if (asked == "tab") return '\t';
  if (asked != "auto") return asked[0];
  const auto records = count_candidates(text);
  size_t best = kCandidates.size() - 1;
  int64_t most = 0;
  for (size_t k = 0; k < kCandidates.size(); ++k) {
    const bool even =
        !records.empty() && records[0][k] > 0 &&
        std::all_of(records.begin(), records.end(), [&](const Counts& counts) {
          return counts[k] == records[0][k];
        });
    if (even) return kCandidates[k];
    const auto present =
        std::count_if(records.begin(), records.end(), [&](const Counts& counts) {
          return counts[k] > 0;
        });
    if (present > most) {
      most = present;
      best = k;
    }
  }
  return kCandidates[best];
}

std::vector<CsvRow> split_csv(std::string_view text,
                              const std::string& delimiter,
                              FaultList& faults) {
  require_text(text, faults);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Cursor c{text, csv_delimiter(text, delimiter), line_end(text)};
  std::vector<CsvRow> rows;
  while (!c.done()) {
    CsvRow row{.line = c.line, .fields = {}};
    for (bool more = true; more;) {
      row.fields.push_back(read_field(c, faults));
      if (row.fields.size() > kMostColumns) {
        faults.fail(fmt::format("expected at most {} columns", kMostColumns));
      }
      more = !c.done() && c.text[c.at] == c.delimiter;
      ++c.at;
    }
    ++c.line;
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace basin

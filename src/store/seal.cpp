#include "store/seal.h"

#include <fmt/format.h>

#include <map>

#include "core/file.h"

namespace basin {
namespace {

constexpr const char* kSeals = "seals";

std::vector<std::string> tables_of(Database& database) {
  std::vector<std::string> out;
  auto row = database.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  while (row.step()) {
    if (row.text(0) != kSeals) out.push_back(row.text(0));
  }
  return out;
}

/// A primary key: what orders the rows, whatever the order they were written in.
struct Key {
  std::string columns;
  bool integer = false;  ///< it is one number, the row's
};

Key key_of(Database& database, const std::string& table) {
  Key out;
  int count = 0;
  auto row = database.prepare(fmt::format("PRAGMA table_info(\"{}\")", table));
  while (row.step()) {
    if (row.integer(5) == 0) continue;
    out.columns += fmt::format("{}\"{}\"", count++ > 0 ? ", " : "", row.text(1));
    out.integer = count == 1 && row.text(2) == "INTEGER";
  }
  if (count == 0) out.columns = "rowid";
  return out;
}

// By the number of the row, or by its place in the order of the key.
std::map<int64_t, std::string> digests_of(Database& database,
                                          const std::string& table) {
  std::map<int64_t, std::string> out;
  const auto key = key_of(database, table);
  auto row = database.prepare(
      fmt::format("SELECT rowid, * FROM \"{}\" ORDER BY {}", table, key.columns));
  for (int64_t place = 0; row.step(); ++place) {
    std::string bytes;
    for (int c = 1; c < row.columns(); ++c) bytes += row.raw(c);
    out[key.integer ? row.integer(0) : place] = sha256(bytes);
  }
  return out;
}

bool has_seals(Database& database) {
  auto row = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'seals'");
  return row.step();
}

}  // namespace

void seal_rows(Database& database) {
  if (has_seals(database)) return;
  database.transaction([&] {
    database.execute(
        "CREATE TABLE seals(part TEXT, row INTEGER, digest TEXT, "
        "PRIMARY KEY(part, row))");
    auto seal = database.prepare("INSERT INTO seals VALUES(?, ?, ?)");
    for (const auto& table : tables_of(database)) {
      for (const auto& [row, digest] : digests_of(database, table))
        seal.bind(table).bind(row).bind(digest).run();
    }
  });
}

std::vector<BrokenSeal> broken_seals(Database& database) {
  if (!has_seals(database)) return {{"results", -1, "has no seals"}};
  std::map<std::string, std::map<int64_t, std::string>> sealed;
  auto row = database.prepare("SELECT part, row, digest FROM seals");
  while (row.step()) sealed[row.text(0)][row.integer(1)] = row.text(2);
  std::vector<BrokenSeal> out;
  for (const auto& table : tables_of(database)) {
    auto& expected = sealed[table];
    for (const auto& [id, digest] : digests_of(database, table)) {
      const auto at = expected.find(id);
      if (at == expected.end()) {
        out.push_back({table, id, "was added"});
        continue;
      }
      if (at->second != digest) out.push_back({table, id, "was changed"});
      expected.erase(at);
    }
  }
  for (const auto& [table, rows] : sealed) {
    for (const auto& [id, digest] : rows) out.push_back({table, id, "is missing"});
  }
  return out;
}

}  // namespace basin

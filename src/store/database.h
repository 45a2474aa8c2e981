#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace basin {

/// One SQL statement under way. Parameters count from 1, columns from 0. An unset
/// number is NaN here and NULL in the database.
class Statement {
 public:
  Statement(sqlite3* database, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int64_t value);
  Statement& bind(double value);
  Statement& bind(const std::string& value);
  Statement& bind_bytes(const std::string& value);  ///< as a blob

  /// A blob: rank, sizes, then little-endian float64 numbers; NULL if undefined.
  Statement& bind(const torch::Tensor& value);

  /// True while there is a row. Throws StorageError.
  bool step();

  /// Steps to the end, then is ready for new parameters.
  void run();

  int64_t integer(int column) const;
  double number(int column) const;
  std::string text(int column) const;
  torch::Tensor tensor(int column) const;  ///< undefined if NULL

  int columns() const;

  /// What is stored, whatever it is: a letter for its type, its length, its bytes.
  std::string raw(int column) const;

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  int next_ = 1;
};

/// An SQLite file. One thread at a time: hold `lock()` round each use that may meet
/// another thread.
class Database {
 public:
  enum class Mode { kRead, kWrite };

  Database(const std::filesystem::path& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Statement prepare(const std::string& sql) { return {database_, sql}; }
  void execute(const std::string& sql);

  /// Runs `work` as one transaction: all of it is kept, or nothing.
  void transaction(const std::function<void()>& work);

 private:
  sqlite3* database_ = nullptr;
  std::recursive_mutex guard_;
};

}  // namespace basin

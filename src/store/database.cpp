#include "store/database.h"

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"

namespace basin {
namespace {

static_assert(std::endian::native == std::endian::little, "blobs are little-endian");

[[noreturn]] void fail(sqlite3* database) {
  const int code = sqlite3_errcode(database);
  const std::string hint =
      code == SQLITE_FULL || code == SQLITE_IOERR
          ? " (is the disk full? Make space and run the same command again)"
          : "";
  throw StorageError(
      fmt::format("results.sqlite: {}{}", sqlite3_errmsg(database), hint));
}

void check(sqlite3* database, int code) {
  if (code != SQLITE_OK) fail(database);
}

std::string encode(const torch::Tensor& value) {
  const auto flat = value.to(torch::kFloat64).contiguous();
  std::string out;
  const auto append = [&](const void* from, size_t bytes) {
    out.append(static_cast<const char*>(from), bytes);
  };
  const int64_t rank = flat.dim();
  append(&rank, sizeof rank);
  append(flat.sizes().data(), sizeof(int64_t) * flat.sizes().size());
  append(flat.data_ptr(), flat.nbytes());
  return out;
}

torch::Tensor decode(const char* bytes, size_t size) {
  const auto broken = [] { throw StorageError("results.sqlite: a blob is damaged"); };
  int64_t rank = 0;
  if (size < sizeof rank) broken();
  std::memcpy(&rank, bytes, sizeof rank);
  if (rank < 0 || rank > 8 || size < sizeof(int64_t) * static_cast<size_t>(rank + 1))
    broken();
  std::vector<int64_t> shape(static_cast<size_t>(rank));
  std::memcpy(shape.data(), bytes + sizeof rank, sizeof(int64_t) * shape.size());
  const size_t header = sizeof(int64_t) * (shape.size() + 1);
  double numbers = 1;
  for (const auto n : shape) {
    if (n < 0) broken();
    numbers *= static_cast<double>(n);
  }
  if (numbers * sizeof(double) != static_cast<double>(size - header)) broken();
  auto out = at::empty(shape, torch::kFloat64);
  if (out.numel() > 0) std::memcpy(out.data_ptr(), bytes + header, out.nbytes());
  return out;
}

}  // namespace

Statement::Statement(sqlite3* database, const std::string& sql) : database_(database) {
  check(database,
        sqlite3_prepare_v2(
            database, sql.c_str(), static_cast<int>(sql.size()), &statement_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int64_t value) {
  check(database_, sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}

Statement& Statement::bind(double value) {
  check(database_,
        std::isnan(value) ? sqlite3_bind_null(statement_, next_++)
                          : sqlite3_bind_double(statement_, next_++, value));
  return *this;
}

Statement& Statement::bind_bytes(const std::string& value) {
  check(database_,
        sqlite3_bind_blob(statement_,
                          next_++,
                          value.data(),
                          static_cast<int>(value.size()),
                          SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(const std::string& value) {
  check(database_,
        sqlite3_bind_text(statement_,
                          next_++,
                          value.data(),
                          static_cast<int>(value.size()),
                          SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(const torch::Tensor& value) {
  if (!value.defined()) {
    check(database_, sqlite3_bind_null(statement_, next_++));
    return *this;
  }
  const auto bytes = encode(value);
  check(database_,
        sqlite3_bind_blob64(
            statement_, next_++, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail(database_);
  return code == SQLITE_ROW;
}

void Statement::run() {
  while (step()) {
  }
  check(database_, sqlite3_reset(statement_));
  next_ = 1;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::number(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL
             ? std::numeric_limits<double>::quiet_NaN()
             : sqlite3_column_double(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? ""
                          : std::string(reinterpret_cast<const char*>(bytes), size);
}

torch::Tensor Statement::tensor(int column) const {
  const auto* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return decode(static_cast<const char*>(bytes),
                static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

int Statement::columns() const { return sqlite3_column_count(statement_); }

std::string Statement::raw(int column) const {
  const auto bytes_of = [](const auto& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  };
  char type = 'n';
  std::string bytes;
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_NULL:
      break;
    case SQLITE_INTEGER:
      type = 'i';
      bytes = bytes_of(int64_t{sqlite3_column_int64(statement_, column)});
      break;
    case SQLITE_FLOAT:
      type = 'd';
      bytes = bytes_of(sqlite3_column_double(statement_, column));
      break;
    case SQLITE_TEXT:
      type = 's';
      bytes = text(column);
      break;
    default: {
      type = 'b';
      const auto* data = sqlite3_column_blob(statement_, column);
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
      if (data != nullptr) bytes = std::string(static_cast<const char*>(data), size);
    }
  }
  return type + bytes_of(static_cast<int64_t>(bytes.size())) + bytes;
}

Database::Database(const std::filesystem::path& path, Mode mode) {
  // A reader too must be able to undo what a killed writer left half done; where the
  // file is write-protected, SQLite opens it for reading only.
  const int flags =
      SQLITE_OPEN_READWRITE | (mode == Mode::kWrite ? SQLITE_OPEN_CREATE : 0);
  if (sqlite3_open_v2(path.c_str(), &database_, flags, nullptr) != SQLITE_OK) {
    const std::string why = sqlite3_errmsg(database_);
    sqlite3_close(database_);
    throw StorageError(fmt::format("{}: {}", path.string(), why));
  }
  sqlite3_busy_timeout(database_, 5000);
  if (mode == Mode::kRead) execute("PRAGMA query_only = 1");
}

Database::~Database() { sqlite3_close(database_); }

void Database::execute(const std::string& sql) {
  check(database_, sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr));
}

void Database::transaction(const std::function<void()>& work) {
  const std::lock_guard lock(guard_);
  execute("BEGIN IMMEDIATE");
  try {
    work();
    execute("COMMIT");
  } catch (...) {
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

}  // namespace basin

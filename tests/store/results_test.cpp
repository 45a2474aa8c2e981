#include "store/results.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "store/npz.h"
#include "store/run_folder.h"
#include "store/tables.h"
#include "support/folder.h"
#include "support/networks.h"

namespace basin {
namespace {

TEST(Results, ReadBackWhatWasSaved) {
  const testing::Folder folder;
  Results results(folder.path(), Database::Mode::kWrite);
  Endpoint e{.seed = 3, .verdict = Verdict::kSaddle, .reason = "a 'b', c", .loss = 0.1};
  e.theta = testing::normal({4});
  results.save_endpoints({e});
  const auto back = results.load_endpoints().at(0);
  EXPECT_EQ(back.verdict, Verdict::kSaddle);
  EXPECT_EQ(back.reason, e.reason);
  EXPECT_EQ(back.loss, 0.1);
  EXPECT_TRUE(std::isnan(back.min_eigenvalue));
  EXPECT_TRUE(testing::same_bits(back.theta, e.theta));
  EXPECT_EQ(results.judged_seeds(), std::set<int64_t>{3});
}

TEST(Results, RefuseADamagedBlob) {
  const testing::Folder folder;
  Results results(folder.path(), Database::Mode::kWrite);
  results.save_endpoints({{.seed = 0, .theta = testing::normal({4})}});
  Database raw(folder.path() / kDatabaseFile, Database::Mode::kWrite);
  raw.execute("UPDATE endpoints SET theta = x'0500000000000000ff'");
  EXPECT_THROW(results.load_endpoints(), StorageError);
  raw.execute("UPDATE endpoints SET theta = NULL, verdict_code = 99");
  EXPECT_THROW(results.load_endpoints(), StorageError);
}

TEST(Results, KeepNothingOfATransactionThatFails) {
  const testing::Folder folder;
  Database database(folder.path() / "t.sqlite", Database::Mode::kWrite);
  database.execute("CREATE TABLE t(x)");
  EXPECT_THROW(database.transaction([&] {
    database.execute("INSERT INTO t VALUES(1)");
    throw std::runtime_error("stop");
  }),
               std::runtime_error);
  auto rows = database.prepare("SELECT * FROM t");
  EXPECT_FALSE(rows.step());
}

TEST(Results, AreReadAsTheyWereBeforeATransactionThatWasKilled) {
  const testing::Folder folder;
  const auto live = folder.path() / "live.sqlite", dead = folder.path() / "dead.sqlite";
  Database writer(live, Database::Mode::kWrite);
  writer.execute("CREATE TABLE t(x); INSERT INTO t VALUES(1); PRAGMA cache_size = 1");
  writer.execute("BEGIN; UPDATE t SET x = 2");
  // More than the cache holds: half of the transaction reaches the file.
  for (int i = 0; i < 50; ++i) writer.execute("INSERT INTO t VALUES(randomblob(4000))");
  for (const char* tail : {"", "-journal"})
    std::filesystem::copy_file(live.string() + tail, dead.string() + tail);
  Database reader(dead, Database::Mode::kRead);
  auto row = reader.prepare("SELECT count(*), max(x) FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), 1);
  EXPECT_EQ(row.integer(1), 1);
  EXPECT_THROW(reader.execute("DELETE FROM t"), StorageError);
}

TEST(FolderLock, IsHeldByOneAtATime) {
  const testing::Folder folder;
  {
    const FolderLock lock(folder.path());
    EXPECT_THROW(FolderLock{folder.path()}, StorageError);
  }
  EXPECT_NO_THROW(FolderLock{folder.path()});
}

TEST(Npz, IsTheSameBytesEveryTime) {
  const testing::Folder folder;
  const std::vector<std::pair<std::string, torch::Tensor>> arrays{
      {"a", testing::normal({2, 3})}, {"b", at::zeros({0}, torch::kFloat64)}};
  write_npz(folder.path() / "1.npz", arrays);
  write_npz(folder.path() / "2.npz", arrays);
  const auto bytes = read_file(folder.path() / "1.npz", 1 << 20);
  EXPECT_EQ(bytes, read_file(folder.path() / "2.npz", 1 << 20));
  EXPECT_NE(bytes.find("'shape': (2,3,)"), std::string::npos);
}

TEST(Npz, IsReadByNumpy) {
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0) {
    GTEST_SKIP() << "needs Debian's python3-numpy";
  }
  const testing::Folder folder;
  const auto file = (folder.path() / "a.npz").string();
  write_npz(file, {{"a", at::arange(6, torch::kFloat64).view({2, 3})}});
  const auto script = fmt::format(
      "/usr/bin/python3 -c \"import numpy; a = numpy.load('{}')['a']; "
      "assert a.shape == (2, 3) and a[1, 2] == 5 and a.dtype == float\"",
      file);
  EXPECT_EQ(std::system(script.c_str()), 0);
}

TEST(Orbit, IsShownWhereADoubleWouldOverflow) {
  EXPECT_EQ(format_orbit(std::log10(48)), "48");
  EXPECT_EQ(format_orbit(400.5), "3.162e+400");
}

}  // namespace
}  // namespace basin

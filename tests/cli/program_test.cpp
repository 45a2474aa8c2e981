// The program as its users run it.

#include "support/program.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <csignal>
#include <sstream>

#include "core/file.h"
#include "core/random.h"
#include "store/results.h"
#include "support/folder.h"

namespace basin {
namespace {

namespace fs = std::filesystem;
using testing::Folder;
using testing::only_run;
using testing::run_program;
using testing::tables_of;

const fs::path kConfigs = fs::path(BASIN_ROOT) / "configs";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

// A run of about three seconds with all stages, for what happens in the middle of one.
std::vector<std::string> long_run(const fs::path& root) {
  return {(kConfigs / "smoke/deep_relu.yaml").string(),
          "--out",
          root.string(),
          "--set",
          "ensemble.seeds=48",
          "--set",
          "ensemble.steps=150",
          "--set",
          "name=long"};
}

TEST(Program, RunsEverySmokeConfig) {
  for (const auto& entry : fs::directory_iterator(kConfigs / "smoke")) {
    SCOPED_TRACE(entry.path().string());
    const Folder folder;
    const auto ended =
        run_program({entry.path().string(), "--out", folder.path().string()});
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_NE(ended.err.find("LibTorch"), std::string::npos);
#if defined(__x86_64__)
    // An OpenBLAS that does not know the processor takes kernels of 2004.
    if (__builtin_cpu_supports("avx2")) {
      EXPECT_EQ(ended.err.find("kernels Prescott"), std::string::npos) << ended.err;
    }
#endif
    for (const auto& run : fs::directory_iterator(folder.path())) {
      EXPECT_TRUE(fs::exists(run.path() / "report.html")) << run.path();
      EXPECT_FALSE(tables_of(run.path()).empty());
      EXPECT_FALSE(fs::is_empty(run.path() / "figures"));
    }
  }
}

TEST(Program, HasASmokeTwinForEveryConfig) {
  for (const auto& entry : fs::directory_iterator(kConfigs)) {
    if (entry.path().extension() != ".yaml") continue;
    EXPECT_TRUE(fs::exists(kConfigs / "smoke" / entry.path().filename()))
        << entry.path();
    EXPECT_EQ(run_program({"check", entry.path().string()}).code, 0) << entry.path();
  }
}

TEST(Program, GivesTheSameTablesOnOneAndTwoThreads) {
  const Folder one, two;
  auto words = long_run(one.path());
  words.insert(words.end(), {"--threads", "1"});
  ASSERT_EQ(run_program(words).code, 0);
  words = long_run(two.path());
  words.insert(words.end(), {"--threads", "2"});
  ASSERT_EQ(run_program(words).code, 0);
  EXPECT_EQ(tables_of(only_run(one.path(), "long")),
            tables_of(only_run(two.path(), "long")));
}

TEST(Program, GivesTheFirstSeedsTheSameNumbersInALargerEnsemble) {
  const Folder few, many;
  const auto config = (kConfigs / "smoke/xor_tanh.yaml").string();
  ASSERT_EQ(
      run_program({config, "--out", few.path().string(), "--set", "ensemble.seeds=20"})
          .code,
      0);
  ASSERT_EQ(run_program(
                {config, "--out", many.path().string(), "--set", "ensemble.seeds=200"})
                .code,
            0);
  for (const char* table : {"training.csv", "curves.csv"}) {
    const auto read = [&](const Folder& f) {
      return lines_of(
          read_file(only_run(f.path(), "smoke") / "tables" / table, 1 << 26));
    };
    const auto small = read(few), large = read(many);
    ASSERT_GT(large.size(), small.size());
    EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin())) << table;
  }
  // Endpoints too, but for the number of their minimum, which counts all of them.
  const auto endpoints = [&](const Folder& f) {
    auto rows = lines_of(
        read_file(only_run(f.path(), "smoke") / "tables/endpoints.csv", 1 << 26));
    rows.resize(21);
    for (auto& row : rows) {
      std::vector<std::string> fields;
      std::istringstream stream(row);
      for (std::string field; std::getline(stream, field, ',');)
        fields.push_back(field);
      fields.erase(fields.begin() + 5);
      row.clear();
      for (const auto& field : fields) row += field + ",";
    }
    return rows;
  };
  EXPECT_EQ(endpoints(few), endpoints(many));
}

TEST(Program, EndsTheSameAfterTenKillsAtRandomMoments) {
  const Folder calm, troubled;
  const auto undisturbed = run_program(long_run(calm.path()));
  ASSERT_EQ(undisturbed.code, 0) << undisturbed.err;
  RandomStream random(1, Stream::kProbe, 0);
  int killed = 0;
  for (int i = 0; i < 40 && killed < 10; ++i) {
    const auto most = 1000 * undisturbed.seconds * 0.45;
    const auto ended =
        run_program(long_run(troubled.path()),
                    {.after_ms = static_cast<int>(300 + random.uniform() * most)});
    killed += ended.code == 128 + SIGKILL;
    if (ended.code == 0) fs::remove_all(only_run(troubled.path(), "long"));
  }
  EXPECT_EQ(killed, 10);
  ASSERT_EQ(run_program(long_run(troubled.path())).code, 0);
  EXPECT_EQ(tables_of(only_run(calm.path(), "long")),
            tables_of(only_run(troubled.path(), "long")));
}

TEST(Program, StopsOnCtrlCWithinTwoSecondsAndGoesOn) {
  const Folder folder;
  const auto stopped =
      run_program(long_run(folder.path()),
                  {.after_ms = 300, .signal = SIGINT, .once_exists = folder.path()});
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_LT(stopped.seconds, 2.0);
  EXPECT_NE(stopped.err.find("the same command continues"), std::string::npos);
  const auto shown = run_program({"show", only_run(folder.path(), "long").string()});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.out.find("unfinished: "), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("the same command continues"), std::string::npos);
  EXPECT_EQ(shown.out.find("certified"), std::string::npos) << shown.out;
  EXPECT_EQ(run_program(long_run(folder.path())).code, 0);
}

TEST(Program, DoesNothingTwice) {
  const Folder folder;
  ASSERT_EQ(run_program(long_run(folder.path())).code, 0);
  const auto before = tables_of(only_run(folder.path(), "long"));
  const auto again = run_program(long_run(folder.path()));
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.err.find("training"), std::string::npos) << again.err;
  EXPECT_EQ(tables_of(only_run(folder.path(), "long")), before);
}

TEST(Program, SaysThatWritingFailedAndContinuesWithSpace) {
  const Folder folder;
  const auto words = long_run(folder.path());
  const auto full = run_program(words, {}, /*file_limit_blocks=*/200);
  EXPECT_EQ(full.code, 3) << full.err;
  EXPECT_FALSE(full.err.empty());
  const auto after = run_program(words);
  EXPECT_EQ(after.code, 0) << after.err;
  const Folder calm;
  ASSERT_EQ(run_program(long_run(calm.path())).code, 0);
  EXPECT_EQ(tables_of(only_run(folder.path(), "long")),
            tables_of(only_run(calm.path(), "long")));
}

TEST(Program, SurvivesAFullDisk) {
  const Folder folder;
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=200k") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs needs root";
  }
  const auto full = run_program(long_run(folder.path()));
  EXPECT_EQ(full.code, 3) << full.err;
  EXPECT_NE(full.err.find("full"), std::string::npos) << full.err;
  mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=100m");
  EXPECT_EQ(run_program(long_run(folder.path())).code, 0);
  umount(folder.path().c_str());
}

TEST(Program, HoldsItsFolderAgainstASecondProcess) {
  const Folder folder;
  const auto words = long_run(folder.path());
  ASSERT_EQ(run_program(words).code, 0);
  const auto run = only_run(folder.path(), "long");
  const auto lock = (run / "lock").string();
  const auto held = std::system(
      fmt::format(
          "flock {} {} {} --out {} --set ensemble.seeds=48 --set ensemble.steps=150 "
          "--set name=long >/dev/null 2>&1",
          lock,
          BASIN_RUNNER,
          words[0],
          folder.path().string())
          .c_str());
  EXPECT_EQ(WEXITSTATUS(held), 3);
}

TEST(Program, ShowsListsAndExports) {
  const Folder folder;
  const auto root = folder.path().string();
  ASSERT_EQ(
      run_program({(kConfigs / "smoke/xor_tanh.yaml").string(), "--out", root}).code,
      0);
  EXPECT_NE(run_program({"list", "--out", root}).out.find("smoke_xor_tanh-"),
            std::string::npos);
  const auto shown = run_program({"show", "smoke_xor", "--out", root});
  EXPECT_EQ(shown.code, 0);
  EXPECT_NE(shown.out.find("strict_minimum"), std::string::npos);
  const auto npz = (folder.path() / "a.npz").string();
  EXPECT_EQ(
      run_program({"export", "smoke_xor", "--to", "npz", "--out", root, "--dest", npz})
          .code,
      0);
  EXPECT_GT(fs::file_size(npz), 1000u);
  const auto tables = tables_of(only_run(root, "smoke_xor"));
  const auto dest = folder.path() / "copy";
  EXPECT_EQ(run_program({"export",
                         "smoke_xor",
                         "--to",
                         "csv",
                         "--out",
                         root,
                         "--dest",
                         (dest / "tables").string()})
                .code,
            0);
  EXPECT_EQ(tables_of(dest), tables);
  EXPECT_EQ(run_program({"show", "nothing", "--out", root}).code, 2);
}

TEST(Program, EscapesWhatComesFromFiles) {
  const Folder folder;
  const auto csv = folder.path() / "<b>&.csv";
  write_file(
      csv, "x,y\n1,<script>alert(1)</script>\n2,b\n3,b\n4,<script>alert(1)</script>\n");
  write_file(
      folder.path() / "c.yaml",
      fmt::format("name: esc\ndata: {{source: csv, file: '{}'}}\nmodel: {{depth: 0}}\n"
                  "loss: {{kind: logistic, weight_decay: 0.1}}\n"
                  "ensemble: {{seeds: 2, steps: 5}}\n",
                  csv.string()));
  const auto root = folder.path() / "runs";
  const auto ended =
      run_program({(folder.path() / "c.yaml").string(), "--out", root.string()});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto page = read_file(only_run(root, "esc") / "report.html", 1 << 26);
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<b>&.csv"), std::string::npos);
  EXPECT_NE(page.find("&lt;b&gt;&amp;.csv"), std::string::npos);
}

/// A config, and what its complaint must name.
struct Broken {
  std::string yaml;
  std::string named;
};

void expect_refused(const fs::path& config,
                    const std::string& named,
                    const fs::path& root) {
  const auto ended = run_program({config.string(), "--out", root.string()});
  EXPECT_EQ(ended.code, 2) << config << "\n" << ended.err;
  EXPECT_NE(ended.err.find(named), std::string::npos) << ended.err;
  EXPECT_FALSE(fs::exists(root)) << "a folder was left behind";
}

TEST(BrokenInput, IsRefusedByConfigWithThePlace) {
  const Folder folder;
  const auto root = folder.path() / "runs";
  const auto config = folder.path() / "c.yaml";
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  char last = 'a';
  for (char c = 'b'; c < 'k'; ++c) {
    bomb +=
        fmt::format("{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1}]\n", c, last);
    last = c;
  }
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "{a: ";
  const std::vector<Broken> cases{
      {"", "c.yaml:1"},
      {"\n\n# nothing\n", "c.yaml:1"},
      {"modle: {depth: 1}", "c.yaml:1: modle: unknown key, did you mean 'model'?"},
      {"model: {dpeth: 1}", "model.dpeth"},
      {"model: {depth: one}", "model.depth: expected a whole number"},
      {"model: {depth: 1.5}", "model.depth"},
      {"model: {depth: -1}", "model.depth"},
      {"model: {depth: 99999999999999999999}", "model.depth"},
      {"model: {width: 0}", "model.width"},
      {"model: {widths: [1, 2, 3]}", "model.widths"},
      {"model: {activation: rellu}", "did you mean 'relu'"},
      {"model: {bias: maybe}", "model.bias: expected true or false"},
      {"model: 3", "model: expected a mapping"},
      {"model: [1]", "model: expected a mapping"},
      {"loss: {weight_decay: -1}", "loss.weight_decay"},
      {"loss: {weight_decay: .nan}", "loss.weight_decay"},
      {"loss: {weight_decay: .inf}", "loss.weight_decay"},
      {"loss: {kind: cross_entropy}\ndata: {source: sine}", "loss.kind"},
      {"ensemble: {seeds: 0}", "ensemble.seeds"},
      {"ensemble: {learning_rate: 0}", "ensemble.learning_rate"},
      {"ensemble: {learning_rate: fast}", "ensemble.learning_rate"},
      {"ensemble:\n  seeds: 3\n  seeds: 4", "c.yaml:3: ensemble.seeds"},
      {"seed: -1", "seed"},
      {"seed: [1]", "seed"},
      {"name: ../../escape", "name"},
      {"name: ''", "name"},
      {"landscape: 3", "landscape: expected a list"},
      {"landscape: [{range: [1]}]", "landscape[0].range"},
      {"landscape: [{points: 1}]", "landscape[0].points"},
      {"landscape: [{directions: axes, axes: [a, b]}]", "landscape[0].axes"},
      {"sweep: {model.depth: []}", "sweep.model.depth"},
      {"sweep: {nothing: [1]}", "sweep.nothing"},
      {"compute: {device: gpu}", "compute.device"},
      {"compute: {threads: -2}", "compute.threads"},
      {"data: {source: csv}", "data.file"},
      {"data: {source: csv, file: none.csv}", "none.csv: no such file"},
      {"data: {source: csv, file: /}", "a folder"},
      {"data: {source: digits, subset: 5000}", "data.subset"},
      {"data: {samples: 10000000, inputs: 10000}", "data.samples"},
      {"data: {source: iris, subset: 1}\nloss: {kind: cross_entropy}\nmodel: {width: "
       "100000, depth: 90}",
       "model"},
      {"a: [1, 2", "c.yaml:"},
      {"a: b: c", "c.yaml:1"},
      {"\t- x", "c.yaml:1"},
      {"a: 1\n---\nb: 1", "one YAML document"},
      {std::string("name: x\0y", 9), "binary"},
      {bomb, "aliases"},
      {deep, "nesting"},
      {std::string(100'000'000, '#'), "at most"}};
  EXPECT_GE(cases.size(), 40u);
  for (const auto& [yaml, named] : cases) {
    SCOPED_TRACE(yaml.substr(0, 80));
    write_file(config, yaml);
    expect_refused(config, named, root);
  }
  expect_refused(folder.path() / "missing.yaml", "no such file", root);
  expect_refused(folder.path(), "a folder", root);
}

TEST(BrokenInput, IsRefusedByDataFilesWithThePlace) {
  const Folder folder;
  const auto root = folder.path() / "runs";
  const auto config = folder.path() / "c.yaml";
  const std::vector<Broken> cases{{"", "d.csv: expected rows"},
                                  {"a,b\n", "below the header"},
                                  {"1,2\n3\n", "d.csv:2: expected 2 fields"},
                                  {"1,2\n3,4,5\n", "d.csv:2"},
                                  {"a,b\n1,2\nx,3\n", "d.csv:3: column 1 ('a')"},
                                  {"a,b\n1,2\nnan,3\n", "d.csv:3"},
                                  {"a,b\n1,2\n,3\n", "came nothing"},
                                  {"a,b\n1,2\n", "two samples"},
                                  {"1\n2\n", "two columns"},
                                  {"1,same\n2,same\n3,same\n", "classes"},
                                  {"1,\"2\n3,4\n", "closing quote"},
                                  {std::string("\x7f\x45LF\0\0,", 7), "binary"}};
  for (const auto& [csv, named] : cases) {
    SCOPED_TRACE(csv);
    write_file(folder.path() / "d.csv", csv);
    write_file(config, "data: {source: csv, file: d.csv}");
    expect_refused(config, named, root);
  }
  write_file(folder.path() / "d.csv",
             std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b", 11));
  expect_refused(config, "truncated", root);
  write_file(folder.path() / "d.idx", std::string("\0\0\x08\x02\0\0", 6));
  write_file(config, "data: {source: idx, file: d.idx, labels: d.idx}");
  expect_refused(config, "d.idx", root);
}

TEST(BrokenInput, IsRefusedOnTheCommandLine) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--nonsense"},
                                             {"check"},
                                             {"export", "x", "--to", "pdf"},
                                             {"a.yaml", "b.yaml"},
                                             {"a.yaml", "--threads", "many"},
                                             {"a.yaml", "--out"}}) {
    const auto ended = run_program(words);
    EXPECT_EQ(ended.code, 2) << words[0];
    EXPECT_FALSE(ended.err.empty());
  }
}

// A finished run of XOR with 40 seeds, for what is done to run folders.
fs::path small_run(const fs::path& root) {
  const auto ended = run_program({(kConfigs / "xor_tanh.yaml").string(),
                                  "--out",
                                  root.string(),
                                  "--set",
                                  "ensemble.seeds=40",
                                  "--set",
                                  "landscape=[]"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  return only_run(root, "xor_tanh");
}

// Changes the database with SQL and gives it back for the next change.
void change(const fs::path& run, const std::string& sql) {
  Database database(run / "results.sqlite", Database::Mode::kWrite);
  database.execute(sql);
}

TEST(Verify, HoldsForAFinishedRunAndSaysSoForEachClass) {
  const Folder folder;
  const auto run = small_run(folder.path());
  const auto ended = run_program({"verify", run.string()});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.out.find("minimum 0      strict_minimum"), std::string::npos);
  EXPECT_NE(ended.out.find("all 40 endpoints hold"), std::string::npos);
  EXPECT_NE(ended.out.find("independent: losses"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("recomputed: classes"), std::string::npos) << ended.out;
  // On another machine sums are rounded in another order.
  setenv("OPENBLAS_CORETYPE", "Nehalem", 1);
  EXPECT_EQ(run_program({"verify", run.string()}).code, 0);
  unsetenv("OPENBLAS_CORETYPE");
}

TEST(Verify, FailsForARunThatWasEditedByOneBit) {
  const Folder folder;
  const auto run = small_run(folder.path());
  const auto kept = read_file(run / "results.sqlite", 1 << 26);
  for (const std::string set :
       {// The lowest bit of an entry of θ: rank, one size, then little-endian numbers.
        "theta = CAST(substr(theta, 1, 16) || "
        "CASE substr(theta, 17, 1) WHEN x'00' THEN x'01' ELSE x'00' END || "
        "substr(theta, 18) AS BLOB)",
        "loss = loss * (1 + 2.3e-16)",
        "verdict_code = 1",
        "verdict = 'kink_minimum'",
        "certificate = 0",
        "min_eigenvalue = min_eigenvalue * (1 + 2.3e-16)",
        "nullity = 1"}) {
    SCOPED_TRACE(set);
    change(run, "UPDATE endpoints SET " + set + " WHERE seed = 17");
    const auto ended = run_program({"verify", run.string()});
    EXPECT_EQ(ended.code, 3);
    EXPECT_NE(ended.out.find("seals: seed 17 was changed"), std::string::npos)
        << ended.out;
    write_file(run / "results.sqlite", kept);
  }
  for (const std::string sql :
       {"UPDATE minima SET log10_orbit = 3 WHERE minimum = 1",
        "UPDATE members SET minimum = 1 WHERE seed = (SELECT min(seed) FROM members)",
        "UPDATE counts SET count = count + 1 WHERE level = 'loss'",
        "UPDATE counts SET more_high = 4 WHERE level = 'loss'",
        "UPDATE spectra SET residual = 1e-3 WHERE minimum = 1",
        "UPDATE training SET steps = steps + 1 WHERE seed = 3",
        "DELETE FROM members WHERE seed = 3",
        "DELETE FROM seals WHERE part = 'counts'",
        "DROP TABLE seals"}) {
    SCOPED_TRACE(sql);
    change(run, sql);
    const auto ended = run_program({"verify", run.string()});
    EXPECT_EQ(ended.code, 3);
    EXPECT_NE(ended.out.find("seals: "), std::string::npos) << ended.out;
    write_file(run / "results.sqlite", kept);
  }
  EXPECT_EQ(run_program({"verify", run.string()}).code, 0);
}

TEST(Verify, RefusesAConfigThatIsNotTheRuns) {
  const Folder folder;
  const auto run = small_run(folder.path());
  const auto kept = read_file(run / "config.yaml", 1 << 20);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    auto text = kept;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const auto& text : {replaced("width: 2", "width: 3"),
                           replaced("depth: 1", "depth: 3"),
                           replaced("same_loss: ", "same_loss: 1"),
                           replaced("seed: ", "seed: 1")}) {
    write_file(run / "config.yaml", text);
    const auto ended = run_program({"verify", run.string()});
    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_NE(ended.err.find("expected the config of the run"), std::string::npos)
        << ended.err;
    // Who forges the digest too meets parameters that fit no network of his.
    if (text.find("width: 3") == std::string::npos) continue;
    const auto database = read_file(run / "results.sqlite", 1 << 26);
    change(
        run,
        "UPDATE meta SET value = '" + sha256(text) + "' WHERE key = 'config_sha256'");
    change(run, "DROP TABLE seals");
    Results(run, Database::Mode::kWrite).seal();
    const auto forged = run_program({"verify", run.string()});
    EXPECT_EQ(forged.code, 3) << forged.err;
    EXPECT_NE(forged.err.find("no parameters of this network"), std::string::npos)
        << forged.err;
    write_file(run / "results.sqlite", database);
  }
}

TEST(Verify, RefusesRowsThatNameNothing) {
  const Folder folder;
  const auto run = small_run(folder.path());
  const auto kept = read_file(run / "results.sqlite", 1 << 26);
  for (const std::string sql :
       {"UPDATE endpoints SET seed = 123456 WHERE seed = (SELECT seed FROM minima)",
        "UPDATE minima SET seed = -5 WHERE minimum = 1",
        "UPDATE meta SET value = 'x' WHERE key = 'identified_seeds'"}) {
    SCOPED_TRACE(sql);
    change(run, sql);
    EXPECT_EQ(run_program({"verify", run.string()}).code, 3);
    write_file(run / "results.sqlite", kept);
  }
}

// A forger who seals the rows again still has to fool the reference.
TEST(Verify, RecomputesWhatTheSealsOnlyKeep) {
  const Folder folder;
  const auto run = small_run(folder.path());
  std::vector<Endpoint> endpoints;
  {
    Results results(run, Database::Mode::kRead);
    endpoints = results.load_endpoints();
  }
  const auto honest = endpoints[5];
  const auto forge = [&](const std::function<void(Endpoint&)>& edit) {
    auto forged = honest;
    forged.theta = honest.theta.clone();
    edit(forged);
    {
      Results results(run, Database::Mode::kWrite);
      results.save_endpoints({forged});
    }
    change(run, "DROP TABLE seals");
    Results(run, Database::Mode::kWrite).seal();
    const auto ended = run_program({"verify", run.string()});
    EXPECT_EQ(ended.code, 3) << ended.out;
  };
  forge([](Endpoint& e) { e.theta[3] += 1e-5; });
  forge([](Endpoint& e) { e.loss += 1e-9; });
  forge([](Endpoint& e) { e.min_eigenvalue *= 2; });
  forge([](Endpoint& e) { e.verdict = Verdict::kMinimumModuloSymmetry; });
  forge([](Endpoint& e) {
    e.verdict = Verdict::kSaddle;
    e.certificate = Certificate::kNone;
    e.witness = 0.1 * e.theta;
    e.witness_fall = 0.1;
  });
  forge([](Endpoint& e) {
    e.verdict = Verdict::kKinkMinimum;
    e.certificate = Certificate::kActiveSet;
    e.kinks = 2;
  });
}

TEST(Verify, RefusesWhatIsNoRunOfThisProgram) {
  const Folder folder;
  const auto run = small_run(folder.path());
  change(run, "UPDATE meta SET value = '0.0.0+other' WHERE key = 'revision'");
  const auto before = read_file(run / "results.sqlite", 1 << 26);
  for (const auto& words :
       {std::vector<std::string>{"verify", run.string()},
        std::vector<std::string>{(kConfigs / "xor_tanh.yaml").string(),
                                 "--out",
                                 folder.path().string(),
                                 "--set",
                                 "ensemble.seeds=40",
                                 "--set",
                                 "landscape=[]"}}) {
    const auto ended = run_program(words);
    EXPECT_EQ(ended.code, 2);
    EXPECT_NE(ended.err.find("0.0.0+other"), std::string::npos) << ended.err;
  }
  EXPECT_EQ(read_file(run / "results.sqlite", 1 << 26), before);
  change(run, "DELETE FROM endpoints");
  EXPECT_EQ(run_program({"verify", run.string()}).code, 2);
  fs::remove(run / "results.sqlite");
  const auto ended = run_program({"verify", run.string()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("parameters"), std::string::npos) << ended.err;
}

TEST(Program, AddsSeedsUntilTheCoverageIsReached) {
  const auto words = [](const fs::path& root) {
    return std::vector<std::string>{
        (kConfigs / "xor_tanh.yaml").string(),
        "--out",
        root.string(),
        "--set",
        "ensemble.seeds=8",
        "--set",
        "ensemble.until={coverage: 0.9, min_seeds: 20, max_seeds: 400}",
        "--set",
        "landscape=[]"};
  };
  const Folder folder;
  ASSERT_EQ(run_program(words(folder.path())).code, 0);
  const auto run = only_run(folder.path(), "xor_tanh");
  Results results(run, Database::Mode::kRead);
  const auto counts = results.load_counts();
  EXPECT_GE(counts.front().least_coverage, 0.9);
  EXPECT_GT(counts.front().seeds, 8);
  EXPECT_LT(counts.front().seeds, 400);
  // Killed on the way and continued, it ends with the same tables.
  const Folder troubled;
  run_program(words(troubled.path()), {.after_ms = 5, .once_exists = troubled.path()});
  ASSERT_EQ(run_program(words(troubled.path())).code, 0);
  EXPECT_EQ(tables_of(run), tables_of(only_run(troubled.path(), "xor_tanh")));
}

TEST(Program, RefusesSymmetriesThatTheDataDoesNotHave) {
  const Folder folder;
  const auto config = (kConfigs / "xor_tanh.yaml").string();
  for (const auto& [value, what] : std::vector<std::pair<std::string, std::string>>{
           {"[mirror]", "expected 'permutations'"},
           {"[x2 x1]", "an arrow"},
           {"[x1 x1 -> y1]", "each once"},
           {"[x2 x3 -> y1]", "each once"},
           {"[x99999999999999999999 x1 -> y1]", "each once"},
           {"[-x1 x2 -> y1]", "is not in it"}}) {
    const auto ended = run_program(
        {config, "--out", folder.path().string(), "--set", "data.symmetries=" + value});
    EXPECT_EQ(ended.code, 2) << value;
    EXPECT_NE(ended.err.find(what), std::string::npos) << ended.err;
  }
  for (const std::string set : {"minima.gradient_tolerance=0",
                                "minima.zero_tolerance=0.5",
                                "minima.same_parameters=-1",
                                "ensemble.until.coverage=1.5",
                                "ensemble.until.max_seeds=3"}) {
    const auto more =
        set.starts_with("ensemble.until.max")
            ? std::vector<std::string>{"--set", "ensemble.until.coverage=0.9"}
            : std::vector<std::string>{};
    std::vector<std::string> words{
        config, "--out", folder.path().string(), "--set", set};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run_program(words).code, 2) << set;
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace basin

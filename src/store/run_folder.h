#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace basin {

/// Holds a run folder for writing as long as it lives. The system drops the hold when
/// the process ends, however it ends.
class FolderLock {
 public:
  /// Throws StorageError if another process holds `folder`.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_;
};

/// Files of a run folder.
inline constexpr const char* kDatabaseFile = "results.sqlite";
inline constexpr const char* kConfigFile = "config.yaml";
inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kPageFile = "report.html";

/// Key, in the table meta, of the SHA-256 of the config's text.
inline constexpr const char* kConfigSeal = "config_sha256";

/// The runs (or sweeps) below `root`, by name.
std::vector<std::filesystem::path> list_runs(const std::filesystem::path& root);

/// The run that `name` means: a path, or the beginning of a folder's name below `root`.
/// Throws InputError if there is none, or several.
std::filesystem::path find_run(const std::filesystem::path& root,
                               const std::string& name);

}  // namespace basin

#pragma once

#include <string>
#include <vector>

namespace basin {

/// What people write for keys and words of the config, by other programs' names: the
/// words that may be meant, likely ones first. Lower case, with underscores.
std::vector<std::string> synonyms_of(const std::string& word);

/// Every word that some other one may mean.
std::vector<std::string> synonym_targets();

}  // namespace basin

#pragma once

#include <string>
#include <vector>

namespace basin {

/// What of `known` was probably meant by `word`: ", did you mean 'x'?"; "" if nothing.
/// First the same word spelt with other capitals or hyphens, then the synonyms of
/// `synonyms_of`, then the nearest by Levenshtein's distance.
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

/// The same for an unknown key in a place where the keys `known` may stand. A key of
/// another section is suggested with its section: `depth` at the top level is
/// `model.depth`. `all` are the dotted keys of the config.
std::string key_suggestion(const std::string& key,
                           const std::vector<std::string>& known,
                           const std::vector<std::string>& all);

}  // namespace basin

// Looks at every row of a store, for people: how much there is of what, and what no row may be.
// Rows come in order, from any engine.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/version_vector.h"
#include "storage/version_key.h"

namespace distkv::storage {

struct KeyspaceCensus {
    std::uint64_t keys = 0;  // Of which there is any row.
    std::uint64_t cells = 0;
    std::uint64_t versions = 0;
    std::uint64_t gone = 0;  // Versions that only say what is gone.
    std::uint64_t intents = 0;
    std::uint64_t summaries = 0;
    std::uint64_t bytes = 0;  // Of names and values, before compression.
};

class Inspection {
public:
    static constexpr std::size_t kProblemsMax = 100;

    void row(base::ByteView key, base::ByteView value);

    [[nodiscard]] const std::map<std::uint64_t, KeyspaceCensus>& keyspaces() const {
        return keyspaces_;
    }
    [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& applied() const { return applied_; }
    [[nodiscard]] const std::map<std::uint64_t, model::VersionVector>& collected() const {
        return collected_;
    }

    // One sentence each, naming the row; the first hundred.
    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
    [[nodiscard]] std::uint64_t problems_found() const { return problems_found_; }

private:
    base::Result<void> look(base::ByteView key, base::ByteView value);
    base::Result<void> own_record(base::ByteView key, base::ByteView value);
    base::Result<void> version(VersionKey key, base::ByteView value, KeyspaceCensus& census);

    std::map<std::uint64_t, KeyspaceCensus> keyspaces_;
    std::map<std::uint64_t, std::uint64_t> applied_;
    std::map<std::uint64_t, model::VersionVector> collected_;
    std::vector<std::string> problems_;
    std::uint64_t problems_found_ = 0;
    std::optional<VersionKey> last_;
};

}  // namespace distkv::storage

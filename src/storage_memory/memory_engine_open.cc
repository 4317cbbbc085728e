// How the memory engine reads back what it wrote.
#include <algorithm>
#include <string>
#include <utility>

#include "base/limits.h"
#include "storage_memory/memory_engine.h"
#include "storage_memory/memory_journal.h"

namespace distkv::storage_memory {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;
using journal::Record;
using world::Task;

class MemoryEngineOpening {
public:
    MemoryEngineOpening(world::World& world, MemoryEngineOptions options)
        : world_(world), engine_(new MemoryEngine(world, std::move(options))) {}

    Task<Result<std::unique_ptr<MemoryEngine>>> run() {
        const std::string& directory = engine_->options_.directory;
        auto names = co_await world_.disk().list(directory);
        if (!names && names.error().code == Errc::kNotFound) {
            co_return std::move(engine_);
        }
        if (!names) {
            co_return std::unexpected(names.error());
        }
        // A name that is there may not be there after a crash; what it holds counts as durable.
        CO_TRY(co_await world_.disk().sync_directory(directory));
        if (has(*names, "image")) {
            CO_TRY(load_image(CO_TRY(co_await read(engine_->path("image")))));
        } else {
            CO_TRY(check_no_image_is_missing(*names));
        }
        const std::string journal = engine_->journal_path();
        if (has(*names, journal.substr(directory.size() + 1))) {
            CO_TRY(load_journal(journal, CO_TRY(co_await read(journal))));
        }
        co_await sweep(std::move(*names));
        co_return std::move(engine_);
    }

private:
    static bool has(const std::vector<std::string>& names, std::string_view name) {
        return std::ranges::find(names, name) != names.end();
    }

    static std::unexpected<base::Error> damaged(const std::string& path, std::uint64_t offset,
                                                const std::string& what) {
        return fail(Errc::kCorrupt, path + ", offset " + std::to_string(offset) + ": " + what);
    }

    Task<Result<Bytes>> read(std::string path) {
        auto file = CO_TRY(co_await world_.disk().open(path, world::OpenMode::kExisting));
        Bytes content;
        while (content.size() < file->size()) {
            auto piece = co_await file->read(content.size(), base::limits::kFileChunkBytesMax);
            if (!piece) {
                co_return fail(piece.error().code, path + ": " + piece.error().detail);
            }
            if (piece->empty()) {
                break;
            }
            content += *piece;
        }
        co_return content;
    }

    // A journal is begun only after its image is durable.
    Result<void> check_no_image_is_missing(const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            if (name.starts_with("journal-") && name != "journal-0") {
                return fail(Errc::kCorrupt, engine_->path("image") + " is missing, though " +
                                                engine_->path(name) + " continues it");
            }
        }
        return {};
    }

    Result<void> load_image(const Bytes& content) {
        const std::string path = engine_->path("image");
        std::uint64_t at = 0;
        std::uint64_t entries = 0;
        std::uint64_t sequence = 0;
        for (;;) {
            const auto record = journal::read_record(ByteView(content).substr(at));
            if (!record) {
                return damaged(path, at, record.error().detail);
            }
            const bool first = at == 0;
            if (first != (record->kind == Record::Kind::kHeader)) {
                return damaged(path, at, "an image has one header, at its beginning");
            }
            at += record->bytes;
            if (first) {
                sequence = record->sequence;
                engine_->generation_ = record->generation;
                engine_->generation_tried_ = record->generation;
                engine_->table_.restore(sequence, {});
            } else if (record->kind == Record::Kind::kBatch) {
                entries += record->batch.changes().size();
                engine_->table_.restore(sequence, record->batch);
            } else if (record->kind == Record::Kind::kEnd && record->entries == entries &&
                       at == content.size()) {
                engine_->image_bytes_ = at;
                engine_->durable_ = sequence;
                return {};
            } else {
                return damaged(
                    path, at - record->bytes,
                    "the image does not end as it should, with the count of its entries");
            }
        }
    }

    // Batches beyond the last mark may be there without being durable (the program died, the
    // machine did not), so they count as applied and not flushed, and the file is not continued.
    Result<void> load_journal(const std::string& path, const Bytes& content) {
        std::uint64_t at = 0;
        std::uint64_t marked = 0;
        while (at < content.size()) {
            auto record = journal::read_record(ByteView(content).substr(at));
            std::string wrong = record ? std::string() : record.error().detail;
            if (record && !follows(*record, at)) {
                wrong = "a record that does not follow the one before it";
            }
            if (!wrong.empty()) {
                const auto mark = journal::find_mark(content, at);
                if (mark) {
                    return damaged(path, at,
                                   wrong + ", though all below offset " + std::to_string(*mark) +
                                       " had been synced");
                }
                break;
            }
            if (record->kind == Record::Kind::kMark) {
                engine_->now_durable(engine_->table_.newest());
                marked = at + record->bytes;
            } else {
                engine_->table_.apply(record->batch);
                engine_->pending_.push_back({record->sequence, content.substr(at, record->bytes)});
                engine_->pending_bytes_ += record->bytes;
            }
            at += record->bytes;
        }
        engine_->journal_bytes_ = marked;
        engine_->journal_trusted_ = content.empty();
        return {};
    }

    [[nodiscard]] bool follows(const Record& record, std::uint64_t at) const {
        return (record.kind == Record::Kind::kBatch &&
                record.sequence == engine_->table_.newest() + 1) ||
               (record.kind == Record::Kind::kMark && record.offset == at);
    }

    // What crashes left behind.
    Task<void> sweep(std::vector<std::string> names) {
        std::erase_if(names, [this](const std::string& name) {
            return name == "image" || engine_->path(name) == engine_->journal_path() ||
                   !(name.starts_with("image-") || name.starts_with("journal-"));
        });
        for (const std::string& name : names) {
            static_cast<void>(co_await world_.disk().remove(engine_->path(name)));
        }
    }

    world::World& world_;
    std::unique_ptr<MemoryEngine> engine_;
};

Task<Result<std::unique_ptr<MemoryEngine>>> MemoryEngine::open(world::World& world,
                                                               MemoryEngineOptions options) {
    MemoryEngineOpening opening(world, std::move(options));
    co_return co_await opening.run();
}

}  // namespace distkv::storage_memory

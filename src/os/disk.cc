#include "os/disk.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "os/off_reactor.h"

namespace distkv::os {
namespace {

using base::Bytes;
using base::Errc;
using base::Result;
using world::Task;

Result<void> check_chunk(std::size_t size) {
    if (size > base::limits::kFileChunkBytesMax) {
        return base::fail(Errc::kInvalid, std::to_string(size) + " bytes at once; at most " +
                                              std::to_string(base::limits::kFileChunkBytesMax) +
                                              " are allowed");
    }
    return {};
}

class OsFile final : public world::File {
public:
    OsFile(world::World& world, Mailbox& home, FileThreads& threads, SharedFile file)
        : world_(world), home_(home), threads_(threads), file_(std::move(file)) {}

    // close() may block as well, and comes behind what has been cancelled.
    ~OsFile() override {
        threads_.io.push([file = std::move(file_)] {});
    }

    Task<Result<void>> append(Bytes data) override {
        CO_TRY(check_chunk(data.size()));
        const Change change(*this);
        co_return co_await on_io(
            [file = file_, data = std::move(data)] { return append_bytes(*file, data); });
    }

    Task<Result<void>> write(std::uint64_t offset, Bytes data) override {
        CO_TRY(check_chunk(data.size()));
        const Change change(*this);
        co_return co_await on_io([file = file_, offset, data = std::move(data)] {
            return write_bytes(*file, offset, data);
        });
    }

    Task<Result<Bytes>> read(std::uint64_t offset, std::size_t size) override {
        CO_TRY(check_chunk(size));
        co_return co_await on_io([file = file_, offset, size] {
            // Room only for what can be there.
            const std::uint64_t end = file->size;
            const std::uint64_t left = offset < end ? end - offset : 0;
            return read_bytes(*file, offset, std::min<std::uint64_t>(size, left));
        });
    }

    // One hop to another thread, not two; and none between two of them, for the thread does them in
    // order.
    Task<Result<void>> write_synced(std::uint64_t offset, Bytes data) override {
        CO_TRY(check_chunk(data.size()));
        const SyncedWrite write(*this);
        co_return co_await off_reactor(world_, home_, threads_.sync,
                                       [file = file_, offset, data = std::move(data)] {
                                           return write_synced_bytes(*file, offset, data);
                                       });
    }

    Task<Result<void>> sync() override {
        return off_reactor(world_, home_, threads_.sync,
                           [file = file_] { return sync_file(*file); });
    }

    Task<Result<void>> truncate(std::uint64_t size) override {
        const Change change(*this);
        co_return co_await on_io([file = file_, size] { return truncate_file(*file, size); });
    }

    [[nodiscard]] std::uint64_t size() const override { return file_->size; }

private:
    // At most one operation that changes the file may be under way,
    class Change {
    public:
        explicit Change(OsFile& file) : file_(file) {
            CHECK(!file_.changing_ && file_.synced_writes_ == 0, file_.file_->path);
            file_.changing_ = true;
        }
        ~Change() { file_.changing_ = false; }
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

    private:
        OsFile& file_;
    };

    // or several of these.
    class SyncedWrite {
    public:
        explicit SyncedWrite(OsFile& file) : file_(file) {
            CHECK(!file_.changing_, file_.file_->path);
            ++file_.synced_writes_;
        }
        ~SyncedWrite() { --file_.synced_writes_; }
        SyncedWrite(const SyncedWrite&) = delete;
        SyncedWrite& operator=(const SyncedWrite&) = delete;

    private:
        OsFile& file_;
    };

    template <class Work>
    Task<std::invoke_result_t<Work>> on_io(Work work) {
        return off_reactor(world_, home_, threads_.io, std::move(work));
    }

    world::World& world_;
    Mailbox& home_;
    FileThreads& threads_;
    SharedFile file_;
    bool changing_ = false;
    std::size_t synced_writes_ = 0;
};

}  // namespace

Result<int> Disk::directory_for(const std::string& path) const {
    if (directory_ == nullptr) {
        return base::fail(Errc::kInvalid, "this node has no data directory");
    }
    if (!path.empty()) {
        TRY(world::check_path(path));
    }
    return directory_->fd();
}

Task<Result<std::unique_ptr<world::File>>> Disk::open(std::string path, world::OpenMode mode) {
    const int directory = CO_TRY(directory_for(path));
    auto file = CO_TRY(co_await off_reactor(world_, home_, threads_.io, [directory, path, mode] {
        return open_file(directory, path, mode);
    }));
    co_return std::make_unique<OsFile>(world_, home_, threads_, std::move(file));
}

Task<Result<void>> Disk::remove(std::string path) {
    const int directory = CO_TRY(directory_for(path));
    co_return co_await off_reactor(world_, home_, threads_.io,
                                   [directory, path] { return remove_file(directory, path); });
}

Task<Result<void>> Disk::rename(std::string from, std::string to) {
    const int directory = CO_TRY(directory_for(from));
    CO_TRY(world::check_path(to));
    co_return co_await off_reactor(world_, home_, threads_.io, [directory, from, to] {
        return rename_file(directory, from, to);
    });
}

Task<Result<void>> Disk::sync_directory(std::string path) {
    const int directory = CO_TRY(directory_for(path));
    co_return co_await off_reactor(world_, home_, threads_.sync,
                                   [directory, path] { return sync_folder(directory, path); });
}

Task<Result<std::vector<std::string>>> Disk::list(std::string path) {
    const int directory = CO_TRY(directory_for(path));
    co_return co_await off_reactor(world_, home_, threads_.io,
                                   [directory, path] { return list_folder(directory, path); });
}

}  // namespace distkv::os

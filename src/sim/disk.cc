#include "sim/disk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace distkv::sim {

using base::Errc;
using base::fail;
using base::Result;
using world::Task;
using namespace std::chrono_literals;

namespace {

constexpr time::Duration kUsualAccess = 20us;
constexpr time::Duration kUsualSync = 80us;

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

Result<void> check_chunk(std::size_t size) {
    if (size > base::limits::kFileChunkBytesMax) {
        return fail(Errc::kInvalid, std::to_string(size) + " bytes at once; at most " +
                                        std::to_string(base::limits::kFileChunkBytesMax) +
                                        " are allowed");
    }
    return {};
}

}  // namespace

// ---- the device

void DiskImage::apply(base::Bytes& content, const Write& write) {
    if (write.truncate) {
        content.resize(write.offset);
        return;
    }
    if (content.size() < write.offset + write.data.size()) {
        content.resize(write.offset + write.data.size());
    }
    content.replace(write.offset, write.data.size(), write.data);
}

void DiskImage::change(Inode& inode, Write write) {
    apply(inode.content, write);
    inode.unsynced.push_back(std::move(write));
    if (on_next_write_) {
        std::exchange(on_next_write_, nullptr)();
    }
}

void DiskImage::change_name(const std::string& path, InodeRef inode, std::string renamed_from) {
    if (!renamed_from.empty()) {
        names_.erase(renamed_from);
    }
    if (inode) {
        names_[path] = inode;
    } else {
        names_.erase(path);
    }
    unsynced_names_.push_back({name_changes_++, path, std::move(inode), std::move(renamed_from)});
}

void DiskImage::apply(const NameChange& change) {
    if (!change.renamed_from.empty()) {
        durable_names_.erase(change.renamed_from);
    }
    if (change.now) {
        durable_names_[change.path] = change.now;
    } else {
        durable_names_.erase(change.path);
    }
}

// The changes before number `until` that concern the directory, with those that they build on.
void DiskImage::sync_names(const std::string& directory, std::uint64_t until) {
    std::set<std::string> concerned;
    const auto concerns = [&](const std::string& path) {
        return !path.empty() && (directory_of(path) == directory || concerned.contains(path));
    };
    std::vector<NameChange> synced;
    std::vector<NameChange> left;
    for (auto change = unsynced_names_.rbegin(); change != unsynced_names_.rend(); ++change) {
        if (change->number < until && (concerns(change->path) || concerns(change->renamed_from))) {
            concerned.insert(change->path);
            concerned.insert(change->renamed_from);
            synced.push_back(std::move(*change));
        } else {
            left.push_back(std::move(*change));
        }
    }
    unsynced_names_.assign(left.rbegin(), left.rend());
    for (auto change = synced.rbegin(); change != synced.rend(); ++change) {
        apply(*change);
    }
}

void DiskImage::crash() {
    // A file system writes its journal in order: some first part of the name changes is on the
    // disk.
    const std::size_t kept = stage_.rng.below(unsynced_names_.size() + 1);
    for (std::size_t i = 0; i < unsynced_names_.size(); ++i) {
        if (i < kept) {
            apply(unsynced_names_[i]);
        } else {
            stage_.fired(Fault::kDiskLostName);
        }
    }
    unsynced_names_.clear();
    names_ = durable_names_;
    std::set<Inode*> settled;
    for (const auto& [path, inode] : names_) {
        if (settled.insert(inode.get()).second) {
            settle_after_crash(*inode);
        }
    }
}

// Decides about the first unsynced write: kept, lost, or only some of its sectors.
DiskImage::Fate DiskImage::settle(Inode& inode) {
    const Write write = std::move(inode.unsynced.front());
    inode.unsynced.pop_front();
    ++inode.synced;
    const auto drawn = stage_.rng.below(3);
    if (drawn == 0) {
        return Fate::kLost;
    }
    const std::uint64_t sector = stage_.weather.sector_bytes;
    const std::uint64_t end = write.offset + write.data.size();
    const std::uint64_t sectors =
        write.data.empty() ? 0 : (end - 1) / sector - write.offset / sector + 1;
    if (drawn == 2 || sectors < 2) {
        apply(inode.durable, write);
        return Fate::kKept;
    }
    std::uint64_t kept = 0;
    for (std::uint64_t from = write.offset; from < end;) {
        const std::uint64_t to = std::min(end, (from / sector + 1) * sector);
        if (stage_.rng.chance(500'000)) {
            apply(inode.durable, {from, write.data.substr(from - write.offset, to - from), false});
            ++kept;
        }
        from = to;
    }
    return kept == 0 ? Fate::kLost : kept == sectors ? Fate::kKept : Fate::kTorn;
}

// Each write since the last sync was kept, lost, or torn at a sector, in any combination: devices
// reorder what lies between two syncs.
void DiskImage::settle_after_crash(Inode& inode) {
    while (!inode.unsynced.empty()) {
        const Fate fate = settle(inode);
        if (fate != Fate::kKept) {
            stage_.fired(fate == Fate::kLost ? Fault::kDiskLostWrite : Fault::kDiskTornWrite);
        }
    }
    inode.content = inode.durable;
}

// Readers go on seeing what was written. The device holds some of it, and no later sync, of this
// file or of one that is opened again, brings the rest.
void DiskImage::settle_after_failed_sync(Inode& inode, std::uint64_t until) {
    while (inode.synced < until) {
        settle(inode);
    }
}

bool DiskImage::flip_bit() {
    std::vector<Inode*> candidates;
    for (const auto& [path, inode] : durable_names_) {
        if (!inode->durable.empty() && inode->unsynced.empty()) {
            candidates.push_back(inode.get());
        }
    }
    if (candidates.empty()) {
        return false;
    }
    Inode& inode = *candidates[stage_.rng.below(candidates.size())];
    const std::size_t byte = stage_.rng.below(inode.durable.size());
    const auto mask = static_cast<char>(1U << stage_.rng.below(8));
    for (base::Bytes* bytes : {&inode.durable, &inode.content}) {
        if (byte < bytes->size()) {
            (*bytes)[byte] = static_cast<char>((*bytes)[byte] ^ mask);
        }
    }
    stage_.fired(Fault::kDiskBitFlip);
    ++bits_flipped_;
    return true;
}

// ---- one open file

class SimFile : public world::File {
public:
    SimFile(Disk& disk, DiskImage::InodeRef inode)
        : disk_(disk), inode_(std::move(inode)), turns_(disk.world_.scheduler()) {}

    Task<Result<void>> append(base::Bytes data) override {
        co_return co_await write(inode_->content.size(), std::move(data));
    }

    // The change takes place at once and may be lost until it is synced; only the answer takes
    // time. So an operation that is cancelled, or hit by a crash, has happened in part or whole.
    Task<Result<void>> write(std::uint64_t offset, base::Bytes data) override {
        DiskImage& image = disk_.image_;
        Stage& stage = image.stage_;
        CO_TRY(check_chunk(data.size()));
        const Change changing(*this);
        const bool full = image.full_;
        const bool broken =
            stage.strikes(Fault::kDiskWriteError, stage.weather.disk_write_error_ppm);
        if (full || broken) {
            data.resize(stage.rng.below(data.size() + 1));
        }
        image.change(*inode_, {offset, std::move(data), false});
        co_await disk_.latency(kUsualAccess);
        disk_.done("write");
        if (full) {
            stage.fired(Fault::kDiskFull);
            co_return fail(Errc::kFull, "no space left on the disk");
        }
        if (broken) {
            sync_fails_ = true;
            co_return fail(Errc::kUnknown, "the device failed to write");
        }
        co_return Result<void>();
    }

    Task<Result<base::Bytes>> read(std::uint64_t offset, std::size_t size) override {
        CO_TRY(check_chunk(size));
        Stage& stage = disk_.image_.stage_;
        co_await disk_.latency(kUsualAccess);
        disk_.done("read");
        if (stage.strikes(Fault::kDiskReadError, stage.weather.disk_read_error_ppm)) {
            co_return fail(Errc::kCorrupt, "the device failed to read");
        }
        if (offset >= inode_->content.size()) {
            co_return base::Bytes();
        }
        co_return inode_->content.substr(offset, size);
    }

    // What is synced is what had been written when sync was called.
    Task<Result<void>> sync() override {
        Stage& stage = disk_.image_.stage_;
        const std::uint64_t covered = inode_->synced + inode_->unsynced.size();
        co_await disk_.latency(kUsualSync);
        disk_.done("sync");
        if (sync_fails_ ||
            stage.strikes(Fault::kDiskWriteError, stage.weather.disk_write_error_ppm)) {
            sync_fails_ = true;
            disk_.image_.settle_after_failed_sync(*inode_, covered);
            co_return fail(Errc::kUnknown, "the device failed to sync");
        }
        while (inode_->synced < covered) {
            DiskImage::apply(inode_->durable, inode_->unsynced.front());
            inode_->unsynced.pop_front();
            ++inode_->synced;
        }
        co_return Result<void>();
    }

    Task<Result<void>> write_synced(std::uint64_t offset, base::Bytes data) override {
        CO_TRY(check_chunk(data.size()));
        const Turn turn(*this);
        while (!turn.has_come()) {
            co_await turns_.wait();
        }
        if (refusing_) {
            co_return fail(Errc::kRetry, "a write that was to come before it failed");
        }
        Result<void> done = co_await write(offset, std::move(data));
        if (done) {
            done = co_await sync();
        }
        refusing_ = !done;
        co_return done;
    }

    Task<Result<void>> truncate(std::uint64_t size) override {
        const Change changing(*this);
        CHECK(queue_.empty(), "two operations change one file");
        refusing_ = false;
        disk_.image_.change(*inode_, {size, {}, true});
        co_await disk_.latency(kUsualAccess);
        disk_.done("truncate");
        co_return Result<void>();
    }

    [[nodiscard]] std::uint64_t size() const override { return inode_->content.size(); }

private:
    // At most one operation that changes the file may be under way.
    class Change {
    public:
        explicit Change(SimFile& file) : file_(file) {
            CHECK(!file_.changing_, "two operations change one file");
            file_.changing_ = true;
        }
        ~Change() { file_.changing_ = false; }
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

    private:
        SimFile& file_;
    };

    // In the queue of those that write and sync.
    class Turn {
    public:
        explicit Turn(SimFile& file) : file_(file) { file_.queue_.push_back(this); }
        ~Turn() {
            std::erase(file_.queue_, this);
            file_.turns_.wake_all();
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

        [[nodiscard]] bool has_come() const { return file_.queue_.front() == this; }

    private:
        SimFile& file_;
    };

    Disk& disk_;
    DiskImage::InodeRef inode_;
    bool changing_ = false;
    std::deque<const Turn*> queue_;
    world::Signal turns_;
    bool refusing_ = false;    // A write_synced() failed, and nothing was truncated since.
    bool sync_fails_ = false;  // A write or a sync has failed: none will succeed.
};

// ---- the directory tree

world::World::Sleep Disk::latency(time::Duration usual) {
    Stage& stage = image_.stage_;
    time::Duration span = usual + stage.up_to(usual);
    if (stage.strikes(Fault::kDiskSlow, stage.weather.disk_slow_ppm)) {
        span += stage.up_to(stage.weather.disk_slow_max);
    }
    return world_.sleep_for(span);
}

void Disk::done(std::string_view what) {
    Stage& stage = image_.stage_;
    stage.trace.add(stage.now(), TraceKind::kDiskDone, image_.node_, 0, what);
}

Task<Result<std::unique_ptr<world::File>>> Disk::open(std::string path, world::OpenMode mode) {
    CO_TRY(world::check_path(path));
    co_await latency(kUsualAccess);
    done("open");
    const auto found = image_.names_.find(path);
    DiskImage::InodeRef inode;
    if (found != image_.names_.end()) {
        if (mode == world::OpenMode::kExclusive) {
            co_return fail(Errc::kInvalid, path + " exists already");
        }
        inode = found->second;
    } else if (mode == world::OpenMode::kExisting) {
        co_return fail(Errc::kNotFound, "there is no file " + path);
    } else {
        inode = std::make_shared<DiskImage::Inode>();
        image_.change_name(path, inode);
    }
    co_return std::make_unique<SimFile>(*this, std::move(inode));
}

Task<Result<void>> Disk::remove(std::string path) {
    CO_TRY(world::check_path(path));
    co_await latency(kUsualAccess);
    done("remove");
    if (!image_.names_.contains(path)) {
        co_return fail(Errc::kNotFound, "there is no file " + path);
    }
    image_.change_name(path, nullptr);
    co_return Result<void>();
}

Task<Result<void>> Disk::rename(std::string from, std::string to) {
    CO_TRY(world::check_path(from));
    CO_TRY(world::check_path(to));
    co_await latency(kUsualAccess);
    done("rename");
    const auto found = image_.names_.find(from);
    if (found == image_.names_.end()) {
        co_return fail(Errc::kNotFound, "there is no file " + from);
    }
    // One change, not two: after a crash there is the old name or the new one, never neither.
    image_.change_name(to, found->second, from);
    co_return Result<void>();
}

Task<Result<void>> Disk::sync_directory(std::string directory) {
    Stage& stage = image_.stage_;
    const std::uint64_t covered = image_.name_changes_;
    co_await latency(kUsualSync);
    done("sync_directory");
    if (stage.strikes(Fault::kDiskWriteError, stage.weather.disk_write_error_ppm)) {
        co_return fail(Errc::kUnknown,
                       "the device failed to sync the directory \"" + directory + "\"");
    }
    image_.sync_names(directory, covered);
    co_return Result<void>();
}

Task<Result<std::vector<std::string>>> Disk::list(std::string directory) {
    co_await latency(kUsualAccess);
    done("list");
    const std::string prefix = directory.empty() ? "" : directory + "/";
    std::set<std::string> names;
    for (const auto& [path, inode] : image_.names_) {
        if (path.starts_with(prefix)) {
            const std::string below = path.substr(prefix.size());
            const auto slash = below.find('/');
            names.insert(slash == std::string::npos ? below : below.substr(0, slash + 1));
        }
    }
    if (names.empty() && !directory.empty()) {
        co_return fail(Errc::kNotFound, "there is no directory " + directory);
    }
    co_return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace distkv::sim

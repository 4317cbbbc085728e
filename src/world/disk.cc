#include "world/disk.h"

#include "base/check.h"

namespace distkv::world {
namespace {

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

// Write aside, sync, rename over, sync the directory: the order is the atomicity.
Task<base::Result<void>> Disk::replace(std::string path, base::Bytes contents) {
    const std::string aside = path + ".new";
    {
        auto file = CO_TRY(co_await open(aside, OpenMode::kCreate));
        CO_TRY(co_await file->truncate(0));
        CO_TRY(co_await file->append(std::move(contents)));
        CO_TRY(co_await file->sync());
    }
    CO_TRY(co_await rename(aside, path));
    CO_TRY(co_await sync_directory(directory_of(path)));
    co_return base::Result<void>();
}

Task<base::Result<base::Bytes>> Disk::read_all(std::string path, std::size_t bytes_max) {
    auto file = CO_TRY(co_await open(path, OpenMode::kExisting));
    if (file->size() > bytes_max) {
        co_return base::fail(base::Errc::kInvalid, path + " has " + std::to_string(file->size()) +
                                                       " bytes; at most " +
                                                       std::to_string(bytes_max) + " are allowed");
    }
    co_return co_await file->read(0, file->size());
}

base::Result<void> check_path(std::string_view path) {
    const std::string whole(path);
    for (;;) {
        const auto slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") {
            return base::fail(base::Errc::kInvalid, "the path \"" + whole +
                                                        "\": expected names joined by single '/', "
                                                        "none empty, \".\" or \"..\"");
        }
        if (slash == std::string_view::npos) {
            return {};
        }
        path.remove_prefix(slash + 1);
    }
}

}  // namespace distkv::world

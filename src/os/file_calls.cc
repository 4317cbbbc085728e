#include "os/file_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/limits.h"
#include "os/errno_text.h"

namespace distkv::os {
namespace {

using base::Errc;

constexpr mode_t kFileMode = 0640;
constexpr mode_t kFolderMode = 0750;

// `otherwise` says what it means when nothing better is known.
std::unexpected<base::Error> failed(std::string_view what, const std::string& path, int error,
                                    Errc otherwise) {
    Errc code = otherwise;
    if (error == ENOSPC || error == EDQUOT) {
        code = Errc::kFull;
    } else if (error == ENOENT || error == ENOTDIR) {
        code = Errc::kNotFound;
    } else if (error == EMFILE || error == ENFILE) {
        code = Errc::kRetry;
    }
    return base::fail(code, errno_text("cannot " + std::string(what) + " " + path, error));
}

const char* or_dot(const std::string& path) {
    return path.empty() ? "." : path.c_str();
}

base::Result<void> make_folders_for(int directory, const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, slash);
        if (::mkdirat(directory, folder.c_str(), kFolderMode) == 0) {
            // Else a power cut could take the folder, and every file in it however well synced.
            const auto parent = folder.rfind('/');
            TRY(sync_folder(
                directory, parent == std::string::npos ? std::string() : folder.substr(0, parent)));
        } else if (errno != EEXIST) {
            return failed("make folder", folder, errno, Errc::kInvalid);
        }
    }
    return {};
}

// After an error that is no lack of space, what is on the disk is unknown.
std::unexpected<base::Error> write_failed(OpenFile& file, std::string_view what, int error) {
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    if (!full) {
        file.broken = true;
    }
    return base::fail(full ? Errc::kFull : Errc::kUnknown,
                      errno_text("cannot " + std::string(what) + " " + file.path, error));
}

}  // namespace

base::Result<DataDirectory> DataDirectory::open(const std::string& path) {
    if (::mkdir(path.c_str(), kFolderMode) == 0) {
        TRY(sync_folder(AT_FDCWD, (std::filesystem::path(path) / "..").string()));
    } else if (errno != EEXIST) {
        return failed("make the data directory", path, errno, Errc::kInvalid);
    }
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        return failed("open the data directory", path, errno, Errc::kInvalid);
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        return base::fail(Errc::kRetry, "the data directory " + path + " is in use by a process");
    }
    return DataDirectory(std::move(fd));
}

base::Result<SharedFile> open_file(int directory, const std::string& path, world::OpenMode mode) {
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    if (mode != world::OpenMode::kExisting) {
        flags |= O_CREAT;
    }
    if (mode == world::OpenMode::kExclusive) {
        flags |= O_EXCL;
    }
    Fd fd(::openat(directory, path.c_str(), flags, kFileMode));
    if (!fd && errno == ENOENT && mode != world::OpenMode::kExisting) {
        TRY(make_folders_for(directory, path));
        fd = Fd(::openat(directory, path.c_str(), flags, kFileMode));
    }
    if (!fd) {
        return failed("open", path, errno, Errc::kInvalid);
    }
    struct stat about{};
    if (::fstat(fd.get(), &about) != 0) {
        return failed("look at", path, errno, Errc::kInvalid);
    }
    if (!S_ISREG(about.st_mode)) {
        return base::fail(Errc::kInvalid, path + " is not a regular file");
    }
    return std::make_shared<OpenFile>(std::move(fd), path,
                                      static_cast<std::uint64_t>(about.st_size));
}

base::Result<void> append_bytes(OpenFile& file, base::ByteView data) {
    return write_bytes(file, file.size, data);
}

base::Result<void> write_bytes(OpenFile& file, std::uint64_t offset, base::ByteView data) {
    while (!data.empty()) {
        const ssize_t put =
            ::pwrite(file.fd.get(), data.data(), data.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return write_failed(file, "write", put < 0 ? errno : EIO);
        }
        offset += static_cast<std::uint64_t>(put);
        data.remove_prefix(static_cast<std::size_t>(put));
        // Also what a failure leaves behind counts: the caller must see it to cut it.
        file.size = std::max(file.size.load(), offset);
    }
    return {};
}

base::Result<base::Bytes> read_bytes(const OpenFile& file, std::uint64_t offset, std::size_t size) {
    base::Bytes data;
    int error = 0;
    // Not the size that it passes: libstdc++ 12 passes the new capacity.
    data.resize_and_overwrite(size, [&](char* into, std::size_t) {
        std::size_t got = 0;
        while (got < size) {
            const ssize_t more =
                ::pread(file.fd.get(), into + got, size - got, static_cast<off_t>(offset + got));
            if (more < 0 && errno == EINTR) {
                continue;
            }
            if (more <= 0) {
                error = more < 0 ? errno : 0;
                break;
            }
            got += static_cast<std::size_t>(more);
        }
        return got;
    });
    if (error != 0) {
        return base::fail(
            Errc::kCorrupt,
            errno_text("cannot read " + file.path + " at " + std::to_string(offset), error));
    }
    return data;
}

base::Result<void> truncate_file(OpenFile& file, std::uint64_t size) {
    while (::ftruncate(file.fd.get(), static_cast<off_t>(size)) != 0) {
        if (errno != EINTR) {
            return write_failed(file, "truncate", errno);
        }
    }
    file.size = size;
    file.refusing = false;
    return {};
}

base::Result<void> sync_file(OpenFile& file) {
    if (!file.broken && ::fdatasync(file.fd.get()) != 0) {
        const int error = errno;
        file.broken = true;
        return base::fail(Errc::kUnknown, errno_text("cannot sync " + file.path, error));
    }
    if (file.broken) {
        return base::fail(Errc::kUnknown,
                          "cannot sync " + file.path + ": an earlier write or sync of it failed");
    }
    return {};
}

base::Result<void> write_synced_bytes(OpenFile& file, std::uint64_t offset, base::ByteView data) {
    if (file.refusing) {
        return base::fail(Errc::kRetry, "not written to " + file.path +
                                            ": a write that was to come before it failed");
    }
    file.refusing = true;
    TRY(write_bytes(file, offset, data));
    TRY(sync_file(file));
    file.refusing = false;
    return {};
}

base::Result<void> remove_file(int directory, const std::string& path) {
    if (::unlinkat(directory, path.c_str(), 0) != 0) {
        return failed("remove", path, errno, errno == EISDIR ? Errc::kInvalid : Errc::kUnknown);
    }
    return {};
}

base::Result<void> rename_file(int directory, const std::string& from, const std::string& to) {
    if (::renameat(directory, from.c_str(), directory, to.c_str()) != 0) {
        return failed("rename", from, errno, errno == EISDIR ? Errc::kInvalid : Errc::kUnknown);
    }
    return {};
}

base::Result<void> sync_folder(int directory, const std::string& path) {
    const Fd fd(::openat(directory, or_dot(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        return failed("open folder", path, errno, Errc::kInvalid);
    }
    if (::fsync(fd.get()) != 0) {
        return base::fail(Errc::kUnknown, errno_text("cannot sync folder " + path, errno));
    }
    return {};
}

base::Result<std::vector<std::string>> list_folder(int directory, const std::string& path) {
    struct Close {
        void operator()(DIR* folder) const { ::closedir(folder); }
    };
    const int fd = ::openat(directory, or_dot(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, Close> folder(fd < 0 ? nullptr : ::fdopendir(fd));
    if (!folder) {
        return failed("list", path, errno, Errc::kInvalid);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
        std::string name = entry->d_name;
        if (name == "." || name == "..") {
            continue;
        }
        struct stat about{};
        if (::fstatat(fd, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0) {
            names.push_back(S_ISDIR(about.st_mode) ? name + "/" : name);
        }
        errno = 0;
    }
    if (errno != 0) {
        return failed("list", path, errno, Errc::kCorrupt);
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace distkv::os

#include "controller/copying/copy_places.hpp"

#include <fmt/format.h>

#include "api/repository_path.hpp"
#include "controller/policy/share_backups.hpp"
#include "controller/references.hpp"
#include "controller/repository/publish_backup.hpp"

namespace dmaas::controller {
namespace {

/// As the last two segments of every path of ours name it.
api::ApplicationIdentity application_at(const std::string& path) {
  auto last = path.rfind('/');
  if (last == std::string::npos) return {.namespace_name = "", .name = path};
  auto before = path.rfind('/', last - 1);
  auto begin = before == std::string::npos ? 0 : before + 1;
  return {.namespace_name = path.substr(begin, last - begin), .name = path.substr(last + 1)};
}

Result<SourceRepository> find_copied_repository(const World& world,
                                                const api::CopySession& session) {
  const auto& own = session.metadata.namespace_name;
  SourceRepository source;
  source.object = session.spec.source.key(own);
  TRY(check_repository(world, own, source.object));
  auto repository = TRY(find_object<api::Repository>(world.stores.repositories, source.object));
  source.storage = TRY(
      readable_storage_of(world, repository, surroundings(world, source.object.namespace_name)));
  source.place = place_of(repository);
  // The copies would not be of this cluster: nobody would maintain them.
  if (repository.status.owner_cluster)
    TRY(check_owner(world, source.place, *repository.status.owner_cluster));
  return source;
}

}  // namespace

Result<CopyPlaces> find_places(const World& world, const api::CopySession& session) {
  const auto& own = session.metadata.namespace_name;
  CopyPlaces places;
  places.source = TRY(find_copied_repository(world, session));
  auto& destination = places.destination;
  destination.storage = TRY(find_storage(world, session.spec.storage, own));
  destination.place = {destination.storage.metadata.key(), places.source.place.path};
  TRY(api::check_repository_path(destination.place.path, surroundings(world, own)));
  if (destination.place == places.source.place) {
    return fail(ErrorCode::invalid_input,
                fmt::format("Repository {} is on storage {} itself: name another storage",
                            places.source.object.text(), destination.place.storage.text()));
  }
  destination.application = application_at(destination.place.path);
  destination.object =
      repository_object_of(world, own, destination.place, destination.application.name);
  return places;
}

}  // namespace dmaas::controller

using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Environments.Creating;

/// <summary>An environment that somebody wants, checked (ENV-1).</summary>
internal sealed record EnvironmentDraft(
    string Id, string DisplayName, EnvironmentType Type, PrimaryAudience PrimaryAudience, string Region, StorageKind StorageKind, string AttachedOrganization)
{
    private const int MinIdLength = 3;
    private const int MaxIdLength = 40;
    private const int MaxDisplayNameLength = 128;
    private const int MaxRegionLength = 40;
    private const int MaxOrganizationLength = 256;
    private const int MaxRequestIdLength = 64;

    public static Result<EnvironmentDraft> Parse(CreateEnvironmentRequest request)
    {
        var violations = new Violations();
        violations.Check(
            ResourceName.IsNewId(request.EnvironmentId, MinIdLength, MaxIdLength), "environment_id",
            $"must be {MinIdLength} to {MaxIdLength} characters of a-z, 0-9 and \"-\", starting with a letter.");
        violations.Check(
            request.RequestId.Length <= MaxRequestIdLength && !request.RequestId.Any(char.IsControl), "request_id", $"must be at most {MaxRequestIdLength} characters.");
        if (!violations.Check(request.Environment is not null, "environment", "is required."))
        {
            return violations.ToRefusal();
        }

        var wanted = request.Environment!;
        CheckTexts(wanted, violations);
        CheckKinds(wanted, violations);
        return violations.None
            ? new EnvironmentDraft(
                request.EnvironmentId,
                wanted.DisplayName,
                wanted.Type,
                wanted.PrimaryAudience == PrimaryAudience.Unspecified ? PrimaryAudience.IndividualConsumers : wanted.PrimaryAudience,
                wanted.Region,
                wanted.StorageKind == StorageKind.Unspecified ? StorageKind.InternalManaged : wanted.StorageKind,
                wanted.AttachedOrganization)
            : violations.ToRefusal();
    }

    private static void CheckTexts(Contracts.Environments.V1.Environment wanted, Violations violations)
    {
        violations.Check(
            !string.IsNullOrWhiteSpace(wanted.DisplayName) && wanted.DisplayName.Length <= MaxDisplayNameLength && !wanted.DisplayName.Any(char.IsControl),
            "environment.display_name", $"must be 1 to {MaxDisplayNameLength} characters, not only spaces and no line breaks.");
        violations.Check(
            ResourceName.IsNewId(wanted.Region, maxLength: MaxRegionLength), "environment.region",
            "must be the name of a region in lower case, such as \"westeurope\".");
        violations.Check(
            wanted.AttachedOrganization.Length == 0 || IsHttps(wanted.AttachedOrganization), "environment.attached_organization",
            $"must be empty or an https address of at most {MaxOrganizationLength} characters without a password.");
    }

    private static void CheckKinds(Contracts.Environments.V1.Environment wanted, Violations violations)
    {
        violations.Check(
            wanted.Type != EnvironmentType.Unspecified && Enum.IsDefined(wanted.Type), "environment.type", "must be ENVIRONMENT_TYPE_PRODUCTION, ENVIRONMENT_TYPE_SANDBOX or ENVIRONMENT_TYPE_TRIAL.");
        violations.Check(Enum.IsDefined(wanted.PrimaryAudience), "environment.primary_audience", "must be PRIMARY_AUDIENCE_INDIVIDUAL_CONSUMERS or PRIMARY_AUDIENCE_BUSINESS_ACCOUNTS.");
        violations.Check(Enum.IsDefined(wanted.StorageKind), "environment.storage_kind", "must be STORAGE_KIND_INTERNAL_MANAGED, STORAGE_KIND_OWN_LAKE or STORAGE_KIND_ORGANIZATION_MANAGED_LAKE.");
        violations.Check(
            wanted.StorageKind != StorageKind.OrganizationManagedLake || wanted.AttachedOrganization.Length > 0, "environment.attached_organization",
            "is required when the storage is a lake that the attached organization manages.");
    }

    private static bool IsHttps(string address) =>
        address.Length <= MaxOrganizationLength
        && Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0;
}

using System.Collections.Frozen;
using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Defining;

/// <summary>Exports to Braze: settings, data matching and what Braze does not allow (BRZ-11, BRZ-12, BRZ-18).</summary>
internal sealed class BrazeDestinationType() : DestinationType<BrazeExport>("braze")
{
    private const int MaxNameLength = 255;
    private const int MaxFields = 40;
    private const long DocumentedMembers = 1_000_000;
    private const string LiteralName = "Segment_API_Identifier";
    private const string Identifier = "export.braze.segment_api_identifier";

    /// <summary>Profile fields of Braze that an export may feed, with the types that fit.</summary>
    private static readonly FrozenDictionary<string, AttributeType[]> ProfileFields = new Dictionary<string, AttributeType[]>(StringComparer.Ordinal)
    {
        ["first_name"] = [AttributeType.String],
        ["last_name"] = [AttributeType.String],
        ["phone"] = [AttributeType.String],
        ["country"] = [AttributeType.String],
        ["dob"] = [AttributeType.Date, AttributeType.String],
        ["gender"] = [AttributeType.String],
        ["language"] = [AttributeType.String],
        ["home_city"] = [AttributeType.String],
        ["time_zone"] = [AttributeType.String],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Names that mean something else to Braze than a custom attribute. A wrong case is refused as well: it only confuses.</summary>
    private static readonly FrozenSet<string> ReservedNames = ProfileFields.Keys.Concat(
    [
        "_update_existing_only", "alias_label", "alias_name", "braze_id", "current_location", "date_of_first_session", "date_of_last_session", "email",
        "email_click_tracking_disabled", "email_open_tracking_disabled", "email_subscribe", "external_id", "facebook", "image_url",
        "marked_email_as_spam_at", "push_subscribe", "push_token_import", "push_tokens", "subscription_groups", "twitter", "user_alias",
    ]).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public override string RunTopic => Topics.BrazeRunRequested;

    protected override void FillIn(BrazeExport braze)
    {
        braze.AttributeShape = braze.AttributeShape == BrazeAttributeShape.Unspecified ? BrazeAttributeShape.NamedByIdentifier : braze.AttributeShape;
        braze.OnRemoval = braze.OnRemoval == BrazeOnRemoval.Unspecified ? BrazeOnRemoval.Null : braze.OnRemoval;
    }

    protected override void Check(BrazeExport braze, ProfileAttributes? attributes, Violations violations)
    {
        CheckIdentifier(braze, violations);
        CheckMatching(braze, attributes, violations);
        CheckFields(braze, attributes, violations);
        violations.Check(Enum.IsDefined(braze.AttributeShape), "export.braze.attribute_shape", "is unknown.");
        violations.Check(Enum.IsDefined(braze.OnRemoval), "export.braze.on_removal", "is unknown.");
    }

    // Of the literal shape there may be several: they are warned of.
    protected override IReadOnlyList<WrittenAudience> AudiencesOf(BrazeExport braze, IReadOnlyList<string> segments) =>
        braze.AttributeShape == BrazeAttributeShape.LiteralName ? [] : [new WrittenAudience(braze.SegmentApiIdentifier, Identifier)];

    protected override IEnumerable<string> Warn(BrazeExport braze, long memberCount, ConnectionFacts? connection)
    {
        if (memberCount > DocumentedMembers)
        {
            yield return $"The segments hold {memberCount:N0} members in all. Up to {DocumentedMembers:N0} take up to 40 minutes; what lies beyond depends on the Braze contract.";
        }

        if (braze.AttributeShape == BrazeAttributeShape.LiteralName)
        {
            yield return $"All exports of the literal shape write the attribute {LiteralName}: two of them overwrite each other for the members they share.";
        }

        if (braze.CreateAllAsNew)
        {
            yield return "The Braze customer id is not mapped: members never match users that exist in Braze, they are created anew.";
        }
    }

    private static void CheckIdentifier(BrazeExport braze, Violations violations)
    {
        if (CheckName(braze.SegmentApiIdentifier, Identifier, violations) && braze.AttributeShape != BrazeAttributeShape.LiteralName)
        {
            violations.Check(!ReservedNames.Contains(braze.SegmentApiIdentifier), Identifier, "is the name of a field of Braze; membership would overwrite it.");
        }
    }

    private static void CheckMatching(BrazeExport braze, ProfileAttributes? attributes, Violations violations)
    {
        const string Email = "export.braze.email_attribute";
        const string ExternalId = "export.braze.external_id_attribute";
        const string CreateAllAsNew = "export.braze.create_all_as_new";

        if (violations.Check(braze.EmailAttribute.Length > 0, Email, "is required: the profile attribute that holds the e-mail address."))
        {
            attributes?.Check(braze.EmailAttribute, Email, violations, AttributeType.String);
        }

        if (braze.ExternalIdAttribute.Length > 0)
        {
            attributes?.Check(braze.ExternalIdAttribute, ExternalId, violations, AttributeType.String);
            violations.Check(!braze.CreateAllAsNew, CreateAllAsNew, "must be off when external_id_attribute is mapped.");
        }
        else
        {
            violations.Check(braze.CreateAllAsNew, ExternalId, "is required: the profile attribute that holds the Braze customer id. To have all users created anew without it, set create_all_as_new.");
            violations.Check(!braze.UpdateExistingOnly || !braze.CreateAllAsNew, "export.braze.update_existing_only", "must be off together with create_all_as_new: no user would ever be reached.");
        }
    }

    private static void CheckFields(BrazeExport braze, ProfileAttributes? attributes, Violations violations)
    {
        violations.Check(braze.FieldAttributes.Count <= MaxFields, "export.braze.field_attributes", $"must hold at most {MaxFields} fields.");
        var membership = braze.AttributeShape == BrazeAttributeShape.LiteralName ? LiteralName : braze.SegmentApiIdentifier;
        foreach (var (name, attribute) in braze.FieldAttributes.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var field = $"export.braze.field_attributes[\"{name}\"]";
            if (CheckName(name, field, violations))
            {
                violations.Check(ProfileFields.ContainsKey(name) || !ReservedNames.Contains(name), field, ReservedNames.TryGetValue(name, out var reserved) && ProfileFields.ContainsKey(reserved)
                    ? $"is a field of Braze written in another way: {reserved}."
                    : "is a field of Braze that exports do not write.");
                violations.Check(name != membership, field, "is the attribute that holds the membership.");
            }

            if (violations.Check(attribute.Length > 0, field, "needs the profile attribute that feeds it."))
            {
                attributes?.Check(attribute, field, violations, ProfileFields.GetValueOrDefault(name, []));
            }
        }
    }

    private static bool CheckName(string name, string field, Violations violations) => violations.Check(
        name.Length is > 0 and <= MaxNameLength && !name.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)),
        field,
        $"must be 1 to {MaxNameLength} characters without white space.");
}

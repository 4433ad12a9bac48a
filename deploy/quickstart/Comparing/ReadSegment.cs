using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;

namespace CustomerInsights.Quickstart.Comparing;

/// <summary>Reads the members of an export's segments, and says what Braze should know about each.</summary>
internal static class ReadSegment
{
    /// <param name="rejected">Customers whom the destination refused, so that it cannot know them.</param>
    public static async Task<IReadOnlyDictionary<string, ExpectedUser>> RunAsync(
        Insights insights, Export export, IReadOnlySet<string> rejected, CancellationToken cancellationToken)
    {
        // The first value is the external id, the others go by the name that Braze uses.
        var fields = export.Braze.FieldAttributes.Select(f => (Name: f.Key, Attribute: f.Value)).Prepend((Name: "email", Attribute: export.Braze.EmailAttribute)).ToList();
        var request = new StreamMembersRequest
        {
            Parent = string.Join('/', export.Name.Split('/').Take(2)),
            Segments = { export.Segments },
            Attributes = { fields.Select(f => f.Attribute).Prepend(export.Braze.ExternalIdAttribute).Distinct() },
        };
        var column = request.Attributes.Select((attribute, index) => (attribute, index)).ToDictionary(pair => pair.attribute, pair => pair.index);
        var users = new Dictionary<string, ExpectedUser>();
        using var call = insights.Memberships.StreamMembers(request, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            foreach (var member in call.ResponseStream.Current.Members.Where(m => !rejected.Contains(m.CustomerId)))
            {
                var attributes = new Dictionary<string, object> { [export.Braze.SegmentApiIdentifier] = true };
                foreach (var (name, attribute) in fields)
                {
                    if (ExpectedUser.Plain(member.Values[column[attribute]]) is { } value)
                    {
                        attributes[name] = value;
                    }
                }

                var externalId = member.Values[column[export.Braze.ExternalIdAttribute]].StringValue;
                users[externalId] = new ExpectedUser(externalId, attributes);
            }
        }

        return users;
    }
}

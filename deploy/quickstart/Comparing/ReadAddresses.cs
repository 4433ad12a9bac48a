using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;

namespace CustomerInsights.Quickstart.Comparing;

/// <summary>Reads the members of an export to Microsoft Advertising as the system shows them: address by customer id.</summary>
internal static class ReadAddresses
{
    public static async Task<IReadOnlyDictionary<string, string>> RunAsync(Insights insights, Export export, CancellationToken cancellationToken)
    {
        var request = new StreamMembersRequest
        {
            Parent = string.Join('/', export.Name.Split('/').Take(2)),
            Segments = { export.Segments },
            Attributes = { export.MicrosoftAdvertising.EmailAttribute },
        };
        var addresses = new Dictionary<string, string>();
        using var call = insights.Memberships.StreamMembers(request, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            foreach (var member in call.ResponseStream.Current.Members)
            {
                addresses[member.CustomerId] = member.Values[0].StringValue;
            }
        }

        return addresses;
    }
}

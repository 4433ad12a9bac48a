using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Hosting;

namespace CustomerInsights.Destinations.Contract;

/// <summary>What can go wrong at a vendor.</summary>
public enum VendorFaultKind
{
    /// <summary>Fails without having any effect.</summary>
    Unavailable,

    /// <summary>Says "too fast"; wait a second.</summary>
    Throttled,

    /// <summary>Says "too fast"; wait ten minutes.</summary>
    ThrottledForLong,

    /// <summary>Refuses the request as such, naming no row.</summary>
    RefuseRequest,

    /// <summary>Says of every request that it is too large.</summary>
    TooLarge,

    /// <summary>The connection breaks before the request has any effect.</summary>
    DroppedBefore,

    /// <summary>The connection breaks after the request took effect.</summary>
    DroppedAfter,

    /// <summary>Takes the request, but its answer cannot be understood.</summary>
    Unreadable,

    /// <summary>Refuses the row with this key, and names it.</summary>
    RefuseRow,

    /// <summary>Refuses the row with this key, and does not say which it was.</summary>
    RefuseRowUnnamed,

    /// <summary>Does not know the credential.</summary>
    Unauthorized,

    /// <summary>The credential lacks a permission.</summary>
    Forbidden,

    /// <summary>Takes a tenth of a second for a request.</summary>
    Slow,

    /// <summary>Takes as good as for ever for a request, and then takes it.</summary>
    Hanging,
}

/// <summary>A fault to inject.</summary>
/// <param name="Count">How many requests it hits; null for no end.</param>
/// <param name="Skip">Requests that it lets pass first.</param>
/// <param name="Key">For refused rows.</param>
public sealed record VendorFault(VendorFaultKind Kind, int? Count = null, int Skip = 0, string Key = "");

/// <summary>One request as the vendor saw it.</summary>
/// <param name="Keys">Of all rows.</param>
/// <param name="Members">Of the rows that bring somebody in.</param>
public sealed record VendorRequest(IReadOnlyList<string> Keys, IReadOnlyList<string> Members)
{
    /// <summary>Of the rows that take somebody out.</summary>
    public IEnumerable<string> Leavers => Keys.Except(Members);
}

/// <summary>A vendor, or a faithful stand-in, that a destination proves itself against.</summary>
public abstract class Vendor : IAsyncDisposable
{
    /// <summary>The destination has to be configured for so few, that a handful of customers makes several requests.</summary>
    public const int RowsPerRequest = 5;

    public const int RequestsInFlight = 3;

    /// <summary>Whether it is told more of a member than who it is.</summary>
    public virtual bool CarriesValues => true;

    /// <summary>Whether all that is due is written down before the first row is sent.</summary>
    public virtual bool WritesDown => TakesFiles;

    /// <summary>Whether all rows go as files. Of faults, requests to skip then have no meaning.</summary>
    public virtual bool TakesFiles => false;

    /// <summary>Whether a run finds out that everybody was lost, and sends them again.</summary>
    public virtual bool NoticesLoss => false;

    /// <summary>Rows that it gets at once.</summary>
    public int RowsAtOnce => TakesFiles ? int.MaxValue : RowsPerRequest;

    /// <summary>Requests that so many rows cost without any fault: a file is reserved, handed over, asked for and read back.</summary>
    public int RequestsFor(int rows) => TakesFiles ? 4 : (rows + RowsPerRequest - 1) / RowsPerRequest;

    /// <summary>The name that it knows of a member.</summary>
    public string NameOf(Customer customer) => CarriesValues ? customer.Name : "";

    /// <summary>The address in a customer's profile.</summary>
    public virtual string AddressOf(Customer customer) => customer.Email;

    /// <summary>The form of a customer's key in the ledger, or a part of it.</summary>
    public virtual string StoredKeyOf(Customer customer) => customer.Key;

    /// <summary>The worker.</summary>
    public abstract IServiceApp App { get; }

    /// <summary>Topic on which its runs are asked for.</summary>
    public abstract string Topic { get; }

    /// <summary>Configuration of the worker.</summary>
    public abstract IReadOnlyDictionary<string, string?> Settings { get; }

    public abstract Credential Credential { get; }

    /// <summary>What of the credential must never be seen anywhere.</summary>
    public abstract string Secret { get; }

    /// <summary>Reason for a customer with an empty address.</summary>
    public abstract string NoAddressReason { get; }

    /// <summary>Reason for a row that is refused by name.</summary>
    public abstract string RefusedReason { get; }

    /// <summary>Writes the settings of an export that maps what <see cref="Profile"/> holds.</summary>
    public abstract void Configure(Export export);

    /// <summary>Changes the definition so that every member has to be compared, and none is sent differently.</summary>
    public virtual void Redefine(Export export) => export.Segments.RemoveAt(1);

    /// <summary>The profile of a customer, by the names that <see cref="Configure"/> maps.</summary>
    public abstract IReadOnlyDictionary<string, AttributeValue> Profile(Customer customer);

    /// <summary>Who is in the audience: name by key.</summary>
    public abstract Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>All requests that took effect, in their order.</summary>
    public abstract Task<IReadOnlyList<VendorRequest>> RequestsAsync(CancellationToken cancellationToken);

    /// <summary>Puts somebody into the audience behind our back.</summary>
    public abstract Task AddForeignAsync(string key, CancellationToken cancellationToken);

    /// <summary>Loses everybody it knows, perhaps with its memory of requests.</summary>
    public abstract Task ForgetAsync(CancellationToken cancellationToken);

    public abstract Task InjectAsync(VendorFault fault, CancellationToken cancellationToken);

    /// <summary>Whether a fault has hit a request; one that hangs may hang still. For vendors that take files.</summary>
    public virtual Task<bool> HasMetFaultAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Lets an export go to an account whose allowance is another, where the connection alone does not tell.</summary>
    public virtual Task UseAnotherAccountAsync(Export export, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends all faults, hanging requests among them.</summary>
    public abstract Task HealAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

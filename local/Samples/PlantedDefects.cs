namespace Pipeline.Local.Samples;

/// <summary>What is wrong with a row of the customers; each row has one defect at most.</summary>
internal enum CustomerDefect
{
    None,
    MissingId,
    MissingName,

    /// <summary>Allowed, and counted as incomplete.</summary>
    MissingEmail,
    WrongEmail,
    UnknownSegment,
    WrongSignupDate,

    /// <summary>A row of the file once more.</summary>
    ExactDuplicate,

    /// <summary>Another row of the same customer, updated later: it counts.</summary>
    ChangedDuplicate,
}

/// <summary>What is wrong with a row of the transactions; each row has one defect at most.</summary>
internal enum TransactionDefect
{
    None,
    MissingId,
    MissingCustomer,
    MissingDate,
    MissingAmount,
    BlankStatus,
    NegativeAmount,
    ZeroAmount,
    UnparsableAmount,

    /// <summary>No day, such as 2024-02-30, or written in another way.</summary>
    WrongDate,
    UnknownStatus,

    /// <summary>Of a customer of whom the customers say nothing.</summary>
    UnknownCustomer,

    /// <summary>Of a day that is still to come, whenever the sample is run.</summary>
    FutureDate,

    /// <summary>Recorded more than a week late, in the file of a later month.</summary>
    Late,

    /// <summary>A known status in capitals or between blanks: cleaning makes it good.</summary>
    MixedCaseStatus,

    /// <summary>A row of the file once more.</summary>
    ExactDuplicate,

    /// <summary>Another row of the same transaction, recorded later with another amount: it counts.</summary>
    ChangedDuplicate,
}

/// <summary>What was written, and how many rows of each kind; those without a defect are counted too.</summary>
internal sealed record PlantedDefects
{
    public required IReadOnlyDictionary<CustomerDefect, int> Customers { get; init; }

    public required IReadOnlyDictionary<TransactionDefect, int> Transactions { get; init; }
}

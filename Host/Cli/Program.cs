Console.WriteLine("tokenwright");

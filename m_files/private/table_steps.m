function steps = table_steps(levels)
  % The steps of at most 256 ascending levels: as multiples of a power of two, or as they are.
  steps = whole_steps(numel(levels) - 1, whole_contexts());
  [numbers, exponent] = multiples(double(levels));
  if isempty(numbers)
    bytes = double(little_bytes(levels));
    steps = [steps, [0; 1; 2], [bytes; ones(size(bytes)); 256 * ones(size(bytes))]];
    return
  end
  steps = [steps, [1; 1; 2], whole_steps(unsigned(exponent), whole_contexts()), ...
           whole_steps(unsigned(numbers(1)), whole_contexts()), ...
           whole_steps(diff(numbers) - 1, whole_contexts())];
end

function number = unsigned(number)
  number = 2 * abs(number) - (number < 0);
end

function [numbers, exponent] = multiples(levels)
  % The whole numbers and the largest exponent with levels = numbers * 2^exponent, or nothing.
  numbers = 0;
  exponent = 0;
  [fractions, exponents] = log2(levels(levels ~= 0));
  if isempty(fractions)
    return
  end
  fractions = fractions * 2^53;
  exponents = exponents - 53;
  for k = 1:53
    even = mod(fractions, 2) == 0;
    fractions(even) = fractions(even) / 2;
    exponents = exponents + even;
  end
  exponent = min(exponents);
  numbers = [];
  if abs(exponent) <= 1000
    numbers = levels / 2^exponent;
    if max(abs(numbers)) > 2^52
      numbers = [];
    end
  end
end

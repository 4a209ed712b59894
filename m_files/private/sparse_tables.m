function tables = sparse_tables(negative, positive)
  % The counts that tell apart so many levels on either side of zero: of signs by what the
  % nonzeros nearby let expect, of ranks by how many are nearby and by the neuron's count.
  ranks = max(negative, positive);
  tables = struct('negative', negative, 'positive', positive, 'gain', symbol_gain(ranks), ...
                  'signs', ones(7, 2), 'crowds', ones(16, ranks), 'sizes', ones(12, ranks));
end
